// A short run of the fuzz program; `make fuzz` is the whole one. And the damage itself: it must follow from the seed, or no failure could be repeated.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const COUNT = process.env.VIVER_TEST_ALL ? 1_000_000 : 100_000;
const program = join(import.meta.dirname, 'fuzz.ts');

function fuzz(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning', program];
  return spawnSync(process.execPath, [...flags, ...args], { encoding: 'utf8' });
}

it(`${COUNT} damaged messages: no crash, no hang, no growth of memory`, { timeout: 600_000 }, () => {
  const { status, stdout, stderr } = fuzz('--count', String(COUNT), '--seed', '7');
  expect(stderr).toBe('');
  expect(stdout).not.toContain('FAILED');
  expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(5);
  expect(status).toBe(0);
});

it('a target that is not there is an error', () => {
  expect(fuzz('--target', 'nothing', '--count', '1').status).toBe(1);
});

it('the same seed damages alike, another one differently, and the input stays as it is', () => {
  const input = Uint8Array.from({ length: 200 }, (_, at) => at);
  const damaged = (seed: number): string => {
    const random = new Random(seed);
    return Array.from({ length: 500 }, () => Buffer.from(mutate(input, random, () => input)).toString('hex')).join();
  };
  expect(damaged(3)).toBe(damaged(3));
  expect(damaged(3)).not.toBe(damaged(4));
  const different = new Set(damaged(3).split(','));
  expect(different.size).toBeGreaterThan(400);
  expect([...input]).toEqual(Array.from({ length: 200 }, (_, at) => at));
});
