import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readArchives } from '../build/cpio/read.ts';
import { makeRoomKey } from '../src/cluster/room-key.ts';
import { keptLog } from '../src/runes/testing/room.ts';
import { FakeSys } from '../src/sys/fake.ts';
import type { BootContext } from './context.ts';
import { handedKey, keyOfMedium, packRoomKey } from './room-key.ts';

const key = makeRoomKey();

function machine(files: Record<string, string>) {
  const sys = new FakeSys(files);
  const { log, lines } = keptLog();
  return { boot: { sys, log } as unknown as BootContext, sys, lines };
}

test("the medium's key, or one for this start, which is said", async () => {
  const good = machine({ '/mnt/RUNES/room.key': `${key}\r\n` });
  expect(await keyOfMedium('/mnt', good.boot)).toBe(key);
  expect(good.lines).toEqual([]);
  for (const [files, line] of [
    [{}, 'info : the medium has no /RUNES/room.key: the room has a new key until this machine starts again'],
    [{ '/mnt/RUNES/room.key': 'x' }, "error : medium:/RUNES/room.key holds no room's key"],
  ] as const) {
    const { boot, lines } = machine(files);
    expect(await keyOfMedium('/mnt', boot)).toMatch(/^[\w-]{43}$/);
    expect(lines).toEqual([expect.stringContaining(line)]);
    expect(lines.join()).not.toContain(key);
  }
});

test('what the first PC packs, the next one finds in its rootfs, for root alone', async () => {
  const first = machine({});
  const part = await packRoomKey(key, first.boot);
  const records = readArchives(gunzipSync(await first.sys.readBytes(part, 0, 4096)));
  const files = records.filter(({ sizeBytes }) => sizeBytes > 0);
  expect(files.map(({ mode }) => mode & 0o777)).toEqual([0o600]);
  const rootfs = Object.fromEntries(
    files.map(({ name, data }) => [`/run/initramfs/${name}`, Buffer.from(data).toString()]),
  );
  expect(await handedKey(machine(rootfs).boot)).toBe(key);
});

test('a PC that was handed none says so, and is no member', async () => {
  const { boot, lines } = machine({});
  expect(await handedKey(boot)).toBeUndefined();
  expect(lines).toEqual([expect.stringContaining('has handed no key to this machine')]);
});
