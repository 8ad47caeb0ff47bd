// Real BitTorrent clients and the field, both ways, over loopback: aria2 and libtorrent fetch an image from it, and it fetches from them. No root needed.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { bytesSource } from '../../src/vfield/block-source.ts';
import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import { type Field, openField } from '../../src/vfield/field.ts';
import { encodeMetainfo, type Metainfo } from '../../src/vfield/metainfo.ts';

const SIZE_BYTES = 32 * 1024 * 1024 - 12_288;
const NAME = 'room.squashfs';
const LIBTORRENT = join(import.meta.dirname, 'libtorrent-peer.py');

const content = randomBytes(SIZE_BYTES);
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let torrent: string;
let metainfo: Metainfo;
let tracker: Server;
/** `host:port` of the peer that the tracker names. */
let trackedPort = 0;
const started: ChildProcess[] = [];
const fields: Field[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-bittorrent-'));
  async function* chunks() {
    yield content;
  }
  const image = { label: 'room', kernelRelease: '6.1.0', architecture: 'x86_64' };
  metainfo = await createMetainfo(chunks(), { name: NAME, image });
  tracker = await startTracker();
  const url = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`;
  torrent = join(folder, 'room.torrent');
  const bytes = encodeMetainfo(metainfo);
  writeFileSync(torrent, Buffer.concat([Buffer.from(`d8:announce${url.length}:${url}`), bytes.subarray(1)]));
  mkdirSync(join(folder, 'seed'));
  writeFileSync(join(folder, 'seed', NAME), content);
});

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const field of fields.splice(0)) await field.close();
});

afterAll(() => {
  tracker.close();
  rmSync(folder, { recursive: true });
});

describe('the field gives an image to', () => {
  it('libtorrent', async () => {
    const field = await openSeed();
    const to = join(folder, 'libtorrent');
    mkdirSync(to);
    await run('/usr/bin/python3', [LIBTORRENT, torrent, to, '0', 'leech', `127.0.0.1:${field.port}`], /^done/m);
    expect(hashOf(join(to, NAME))).toBe(sha256);
  });

  it('aria2', async () => {
    trackedPort = (await openSeed()).port;
    const to = join(folder, 'aria2');
    await run('aria2c', [...ARIA2, `--dir=${to}`, '--seed-time=0', torrent], /download completed|\(OK\)/);
    expect(hashOf(join(to, NAME))).toBe(sha256);
  });
});

describe('the field gets an image from', () => {
  it('libtorrent', async () => {
    const output = await run(
      '/usr/bin/python3',
      [LIBTORRENT, torrent, join(folder, 'seed'), '0', 'seed'],
      /^listening \d+ seeding/m,
    );
    const field = await open({ peers: [`127.0.0.1:${/listening (\d+)/.exec(output)![1]}`] });
    expect(await readAll(field)).toBe(sha256);
  });

  it('aria2', async () => {
    const port = 21_000 + Math.floor(Math.random() * 20_000);
    const seed = [`--dir=${join(folder, 'seed')}`, '--check-integrity=true', '--seed-ratio=0', `--listen-port=${port}`];
    await run('aria2c', [...ARIA2, ...seed, torrent], /IPv4 BitTorrent: listening on TCP port/);
    const field = await open({ peers: [`127.0.0.1:${port}`] });
    expect(await readAll(field)).toBe(sha256);
  });

  it('libtorrent, by a magnet link: info dictionary and piece hashes come by the wire', async () => {
    const output = await run(
      '/usr/bin/python3',
      [LIBTORRENT, torrent, join(folder, 'seed'), '0', 'seed'],
      /^listening \d+ seeding/m,
    );
    const peers = [`127.0.0.1:${/listening (\d+)/.exec(output)![1]}`];
    const field = await open({ magnet: { infoHashV2: metainfo.infoHashV2, peers } });
    expect(field.metainfo.pieceHashes).toEqual(metainfo.pieceHashes);
    expect(await readAll(field)).toBe(sha256);
  });
});

const ARIA2 = [
  '--enable-dht=false',
  '--bt-enable-lpd=false',
  '--enable-peer-exchange=false',
  '--file-allocation=none',
  '--console-log-level=notice',
  '--summary-interval=0',
  '--allow-overwrite=true',
];

async function open(options: Partial<Parameters<typeof openField>[0]>): Promise<Field> {
  const field = await openField({
    ...(options.magnet ? {} : { metainfo }),
    listen: { host: '127.0.0.1', port: 0 },
    shareBytes: 8 * 1024 * 1024,
    discovery: false,
    log: silentLog,
    ...options,
  });
  fields.push(field);
  return field;
}

function openSeed(): Promise<Field> {
  return open({ local: bytesSource(content) });
}

async function readAll(field: Field): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < SIZE_BYTES; at += 1024 * 1024) {
    hash.update(await field.source.read(at, Math.min(1024 * 1024, SIZE_BYTES - at)));
  }
  return hash.digest('hex');
}

/** A tracker (BEP 3, 23) that knows one peer. */
async function startTracker(): Promise<Server> {
  const server = createServer((_, response) => {
    const peer = Buffer.from([127, 0, 0, 1, trackedPort >> 8, trackedPort & 255]);
    const peers = trackedPort === 0 ? Buffer.alloc(0) : peer;
    response.end(Buffer.concat([Buffer.from(`d8:intervali60e5:peers${peers.length}:`), peers, Buffer.from('e')]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Starts a program and waits for a line; it goes on running until the test ends. */
function run(command: string, words: readonly string[], line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk;
      if (line.test(output)) resolve(output);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${output.slice(-2000)}`)));
  });
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
