// The field as processes over TCP on loopback: kill -9 is the power cut. No root needed.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import { formatMagnet } from '../../src/vfield/magnet.ts';
import { encodeMetainfo } from '../../src/vfield/metainfo.ts';
import { FieldProcess } from './field-process.ts';

const SIZE_BYTES = 48 * 1024 * 1024;
/** 62 % of the image each: two hold it. */
const SHARE_MIB = '30';

const content = randomBytes(SIZE_BYTES);
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let torrent: string;
let magnetOf: (peer: string) => string;
const nodes: FieldProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-field-'));
  async function* chunks() {
    yield content;
  }
  const image = { label: 'room', kernelRelease: '6.1.0', architecture: 'x86_64' };
  const metainfo = await createMetainfo(chunks(), { name: 'room.squashfs', image });
  torrent = join(folder, 'room.torrent');
  writeFileSync(torrent, encodeMetainfo(metainfo));
  writeFileSync(join(folder, 'room.squashfs'), content);
  magnetOf = (peer) => formatMagnet({ infoHashV2: metainfo.infoHashV2, peers: [peer] });
});

afterEach(() => {
  for (const node of nodes.splice(0)) node.kill();
});

afterAll(() => rmSync(folder, { recursive: true }));

it('two nodes go on when the first is killed; what dies with one of them waits for the first to return', async () => {
  const first = await startFirst();
  const two = await start(magnetOf(first.address), '--share', SHARE_MIB);
  const three = await start(torrent, '--peer', first.address, '--share', SHARE_MIB);
  await until(async () => (await two.status()).copies.min >= 1);

  first.kill();
  expect(await Promise.all([two.readAll(), three.readAll()])).toEqual([sha256, sha256]);

  three.kill();
  const reading = two.readAll();
  await until(async () => (await two.status()).waitingReads > 0);
  await pause(1_500);
  expect((await two.status()).waitingReads).toBeGreaterThan(0);
  await startFirst(first.port);
  expect(await reading).toBe(sha256);
});

async function startFirst(port = 0): Promise<FieldProcess> {
  return start(torrent, '--content', join(folder, 'room.squashfs'), '--share', '0', '--listen', `127.0.0.1:${port}`);
}

async function start(...words: string[]): Promise<FieldProcess> {
  const node = new FieldProcess(words);
  nodes.push(node);
  await node.ready;
  return node;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come about in 30 s');
    await pause(50);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
