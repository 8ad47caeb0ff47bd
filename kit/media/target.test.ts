import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { confirmDevice, deviceFacts, refuseDevice } from './target.ts';

const STICK = { path: '/dev/sdx', name: 'sdx', model: 'Flash Disk', sizeBytes: 2 ** 33, removable: true, users: [] };
const CAREFUL = { force: false, yes: false };

test('a stick that nobody uses may be written to', () => expect(refuseDevice(STICK, CAREFUL)).toBeUndefined());

test('what is mounted is never taken, not even by force', () => {
  const used = { ...STICK, users: ['sdx1 is mounted at /home'] };
  for (const force of [false, true]) {
    expect(refuseDevice(used, { force, yes: true })).toBe('/dev/sdx is in use: sdx1 is mounted at /home');
  }
});

test('a built-in drive needs --force', () => {
  const builtIn = { ...STICK, removable: false };
  expect(refuseDevice(builtIn, CAREFUL)).toContain('(Flash Disk, 8.00 GiB) is built in');
  expect(refuseDevice(builtIn, { force: true, yes: false })).toBeUndefined();
});

test('an empty card reader is named as such', () => {
  expect(refuseDevice({ ...STICK, sizeBytes: 0 }, CAREFUL)).toBe('/dev/sdx has no medium in it');
});

test('nothing is overwritten when nobody can be asked', async () => {
  await expect(confirmDevice(STICK, CAREFUL)).rejects.toMatchObject({ code: 'KIT_NOT_CONFIRMED' });
});

test('files are no devices, and what is neither is refused', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'viver-target-'));
  expect(await deviceFacts(join(directory, 'new.img'))).toBeUndefined();
  rmSync(directory, { recursive: true });
  await expect(deviceFacts('/dev/null')).rejects.toMatchObject({ code: 'KIT_NOT_A_DISK' });
});
