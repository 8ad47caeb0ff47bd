// Swap and containers, made by the programs that make them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeContent } from './partition-content.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-content-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function made(...[program, ...args]: readonly [string, ...string[]]): Uint8Array {
  const file = join(folder, 'partition');
  writeFileSync(file, '');
  truncateSync(file, 4 * 2 ** 20);
  execFileSync(program, [...args, file], { stdio: 'ignore' });
  return new Uint8Array(readFileSync(file));
}

const UUID = '0b7b2f2e-5a4e-4a3b-9c0e-2f1d0a9b8c7d';

test('swap, with label and UUID as blkid tells them', () => {
  const bytes = made('mkswap', '-L', 'fast', '-U', UUID);
  expect(probeContent(bytes)).toEqual({ type: 'swap', label: 'fast', uuid: UUID });
  expect(probeContent(bytes.subarray(0, 128 * 1024))).toEqual({ type: 'swap', label: 'fast', uuid: UUID });
});

test.each(['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'])('a hibernated system: %s', (mark) => {
  const bytes = made('mkswap');
  bytes.set(new TextEncoder().encode(mark.padEnd(10, '\0')), 4086);
  expect(probeContent(bytes)?.type).toBe('swsuspend');
});

test('a file system over what was swap is no swap', () => {
  const bytes = made('mkswap');
  const fileSystem = made('mkfs.ext4', '-q', '-L', 'viver-home', '-F');
  fileSystem.set(bytes.subarray(4086, 4096), 4086);
  expect(probeContent(fileSystem)).toMatchObject({ type: 'ext4', label: 'viver-home' });
});

test('containers are named, whatever else could be seen in them', () => {
  const luks = made('mkswap');
  luks.set([0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe], 0);
  expect(probeContent(luks)).toEqual({ type: 'crypto_LUKS' });
  const lvm = made('mkswap');
  lvm.set(new TextEncoder().encode('LABELONE'), 512);
  expect(probeContent(lvm)).toEqual({ type: 'LVM2_member' });
});

test.each([0, 100, 1024, 4095])('%i bytes of nothing', (length) => {
  expect(probeContent(new Uint8Array(length))).toBeUndefined();
});
