import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sharedMemory } from './shared-memory.ts';

const BYTES = 96 * 2 ** 20;

/** What this process has in RAM. */
function residentBytes(): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}

test('memory is given back at once, also while the array lives on', () => {
  const memory = sharedMemory.allocate(BYTES).fill(7);
  const before = residentBytes();
  sharedMemory.release(memory);
  expect(before - residentBytes()).toBeGreaterThan(BYTES * 0.9);
  expect(memory[BYTES / 2]).toBe(0);
});

test('memory of less than a page stays as it is', () => {
  const memory = sharedMemory.allocate(1000).fill(5);
  sharedMemory.release(memory);
  expect(memory.every((byte) => byte === 5)).toBe(true);
});
