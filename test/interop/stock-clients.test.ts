// BitTorrent clients as Debian ships them, that know nothing but the .torrent of `viver-kit image torrent`: they find the room by the tracker that a
// node is, fetch the image from it, and seed into it. Each client on a host of its own; needs root for network namespaces.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readImageFile } from '../../kit/image-file.ts';
import { FieldProcess } from './field-process.ts';
import { kit, makeTree, noise } from './kit-tree.ts';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const NODE_ADDRESS = '10.77.0.1:6881';
/** Transmission unchokes after ten seconds and gives 2 MiB/s: a small image. */
const NOISE_BYTES = 6_000_000;
const PATIENCE_MS = 90_000;

let folder: string;
let image: string;
let torrent: string;
let hybrid: string;
let name: string;
let content: Buffer;
let sha256: string;
let wire: Wire;
let nodeHost: WireHost;
let clientHost: WireHost;
let program: Program | undefined;
let node: FieldProcess | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-stock-'));
  makeTree(join(folder, 'tree'));
  writeFileSync(join(folder, 'tree/opt/more'), noise(NOISE_BYTES));
  image = join(folder, 'room.viver');
  torrent = join(folder, 'room.torrent');
  hybrid = join(folder, 'hybrid.torrent');
  made(['image', 'create', '--root', join(folder, 'tree'), '--output', image]);
  const announce = ['--announce', `http://${NODE_ADDRESS}/announce`];
  made(['image', 'torrent', image, '--output', torrent, ...announce]);
  made(['image', 'torrent', image, '--output', hybrid, '--hybrid', ...announce]);
  const { metainfo } = await readImageFile(image);
  name = metainfo.name;
  content = readFileSync(image).subarray(0, metainfo.lengthBytes);
  sha256 = createHash('sha256').update(content).digest('hex');
  wire = createWire('vstock');
  nodeHost = wire.host('node', { address: '10.77.0.1/24' });
  clientHost = wire.host('client', { address: '10.77.0.2/24' });
});

afterEach(async () => {
  await program?.stop();
  node?.kill();
});

afterAll(async () => {
  await wire?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Client {
  readonly command: string;
  words(torrent: string, directory: string): string[];
  /** What it says when it has all of the content. */
  readonly whole: RegExp;
}

const ARIA2: Client = {
  command: 'aria2c',
  words: (file, directory) => [
    ...['--enable-dht=false', '--bt-enable-lpd=false', '--file-allocation=none', '--summary-interval=1'],
    ...['--check-integrity=true', '--seed-ratio=0', '--listen-port=6999', `--dir=${directory}`, file],
  ],
  whole: /\[#\w+ SEED\(/,
};

const LIBTORRENT: Client = {
  command: '/usr/bin/python3',
  words: (file, directory) => [join(import.meta.dirname, 'libtorrent-client.py'), file, directory],
  whole: /has the whole content/,
};

const TRANSMISSION: Client = {
  command: 'transmission-cli',
  words: (file, directory) => {
    const settings = join(folder, `${directory.split('/').pop()}-settings`);
    mkdirSync(settings);
    writeFileSync(join(settings, 'settings.json'), '{"dht-enabled": false, "lpd-enabled": false}');
    return ['--config-dir', settings, '--no-portmap', '--verify', '--download-dir', directory, file];
  },
  whole: /Seeding, uploading|State changed from "Incomplete" to "Complete"/,
};

const CLIENTS: [string, Client, () => string][] = [
  ['aria2', ARIA2, () => torrent],
  ['libtorrent', LIBTORRENT, () => torrent],
  ['libtorrent with the hybrid file', LIBTORRENT, () => hybrid],
  ['Transmission', TRANSMISSION, () => torrent],
];

describe.each(CLIENTS)('%s, which knows the .torrent alone', (client, { command, words, whole }, file) => {
  const directoryFor = (what: string): string => {
    const directory = join(folder, `${client.replaceAll(' ', '-')}-${what}`);
    mkdirSync(directory);
    return directory;
  };

  test('fetches the image from the room', async () => {
    await startNode();
    const directory = directoryFor('leech');
    program = clientHost.start(command, words(file(), directory));
    await program.waitFor(whole, PATIENCE_MS);
    expect(readFileSync(join(directory, name)).equals(content)).toBe(true);
  });

  test('seeds the image into a room where nobody has it', async () => {
    await startNode('--diskless', '--share', '16');
    const directory = directoryFor('seed');
    writeFileSync(join(directory, name), content);
    program = clientHost.start(command, words(file(), directory));
    expect(await node!.readAll()).toBe(sha256);
  });
});

async function startNode(...words: string[]): Promise<void> {
  node = new FieldProcess([image, '--listen', NODE_ADDRESS, ...words], nodeHost.namespace);
  await node.ready;
}

function made(words: readonly string[]): void {
  expect(kit(words)).toMatchObject({ status: 0 });
}
