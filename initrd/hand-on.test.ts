import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptLog } from '../src/runes/testing/room.ts';
import type { BootContext } from './context.ts';
import { packRunesOf } from './hand-on.ts';

let medium: string;
beforeEach(async () => {
  medium = await mkdtemp(join(tmpdir(), 'viver-hand-on-'));
});
afterEach(() => rm(medium, { recursive: true }));

/** A boot that keeps what would be written. */
function fakeBoot() {
  const written = new Map<string, Uint8Array>();
  const { log, lines } = keptLog();
  const sys = { replaceFile: async (path: string, content: Uint8Array) => void written.set(path, content) };
  return { boot: { sys, log } as unknown as BootContext, written, lines };
}

test('all of RUNES goes on, and never the key of the room, however it is spelt', async () => {
  await mkdir(join(medium, 'RUNES/runes'), { recursive: true });
  for (const name of ['roles', 'runes/a.ts', 'room.key', 'ROOM.KEY', 'room.key~', 'Room.key.old']) {
    await writeFile(join(medium, 'RUNES', name), `text of ${name}`);
  }
  const { boot, written, lines } = fakeBoot();
  const [part] = await packRunesOf(medium, boot);
  const text = gunzipSync(written.get(part!)!).toString('latin1');
  expect(text).toContain('viver/medium/RUNES/runes/a.ts\0');
  expect(text).toContain('text of roles');
  expect(text).not.toMatch(/room\.key/i);
  expect(lines).toEqual(['info : RUNES of the medium goes on to the others: roles runes/a.ts']);
});

test('a medium without runes makes no part, one with too much says so', async () => {
  const { boot, lines } = fakeBoot();
  expect(await packRunesOf(medium, boot)).toEqual([]);
  await mkdir(join(medium, 'RUNES'));
  await writeFile(join(medium, 'RUNES/image'), new Uint8Array(5 * 1024 * 1024));
  expect(await packRunesOf(medium, boot)).toEqual([]);
  expect(lines[0]).toMatch(/^error : RUNES of the medium stays on this machine: .*5242880 bytes/);
  expect(await readFile(join(medium, 'RUNES/image'))).toHaveLength(5 * 1024 * 1024);
});
