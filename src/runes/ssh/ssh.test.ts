// The host keys, read back by OpenSSH's own ssh-keygen.

import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatOpensshKey, formatPublicKey, keyPairOf } from './ed25519-key.ts';
import { hostKeySeed } from './host-key-seed.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-ssh-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('RFC 8032 test 1: the public key of a seed', async () => {
  const seed = Uint8Array.fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const { publicKey } = await keyPairOf(seed);
  expect(publicKey.toHex()).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
});

test.each(['a', 'root@pc-123456', 'x'.repeat(200)])('ssh-keygen reads a key with comment %s', async (comment) => {
  const pair = await keyPairOf(crypto.getRandomValues(new Uint8Array(32)));
  const file = join(folder, 'key');
  await writeFile(file, formatOpensshKey(pair, comment));
  await chmod(file, 0o600);
  const read = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });
  expect(read).toMatchObject({ status: 0, stdout: formatPublicKey(pair.publicKey, comment) });
  const signed = spawnSync('ssh-keygen', ['-Y', 'sign', '-f', file, '-n', 'test'], { input: 'text', encoding: 'utf8' });
  expect(signed.status).toBe(0);
  const signers = join(folder, 'signers');
  await writeFile(signers, `me ${formatPublicKey(pair.publicKey, comment)}`);
  await writeFile(join(folder, 'signature'), signed.stdout);
  const args = ['-Y', 'verify', '-f', signers, '-I', 'me', '-n', 'test', '-s', join(folder, 'signature')];
  expect(spawnSync('ssh-keygen', args, { input: 'text', encoding: 'utf8' })).toMatchObject({ status: 0 });
  expect(await readFile(file, 'utf8')).not.toMatch(/^.{71,}$/m);
});

test('a machine has the same key at each start, and another one than all others', async () => {
  const room = crypto.getRandomValues(new Uint8Array(32));
  const seed = async (key: Uint8Array, mac: string) => (await hostKeySeed(key, mac)).toHex();
  const mine = await seed(room, '52:54:00:12:34:56');
  expect(mine).toMatch(/^[0-9a-f]{64}$/);
  expect(await seed(room, '52:54:00:12:34:56'.toUpperCase())).toBe(mine);
  expect(await seed(room, '52:54:00:12:34:57')).not.toBe(mine);
  expect(
    await seed(
      room.map((byte) => byte ^ 1),
      '52:54:00:12:34:56',
    ),
  ).not.toBe(mine);
});

test('a seed of another length is refused', async () => {
  await expect(keyPairOf(new Uint8Array(31))).rejects.toThrow(RangeError);
});
