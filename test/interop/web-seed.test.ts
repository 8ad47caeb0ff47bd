// Web seeds with real programs, each way: the field gets an image that lies as .viver on an nginx, and stock clients get it from a node's port by
// nothing but HTTP. Over loopback, no root needed.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readImageFile } from '../../kit/image-file.ts';
import { formatMagnet } from '../../src/vfield/magnet.ts';
import { ViverProcess } from '../programs/viver-process.ts';
import { FieldProcess } from './field-process.ts';
import { kit, makeTree, noise } from './kit-tree.ts';

let folder: string;
let image: string;
let name: string;
let content: Buffer;
const started: { kill(): unknown }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-web-seed-'));
  makeTree(join(folder, 'tree'));
  writeFileSync(join(folder, 'tree/opt/more'), noise(20_000_000));
  image = join(folder, 'room.viver');
  expect(kit(['image', 'create', '--root', join(folder, 'tree'), '--output', image])).toMatchObject({ status: 0 });
  const { metainfo } = await readImageFile(image);
  name = metainfo.name;
  content = readFileSync(image).subarray(0, metainfo.lengthBytes);
});

afterEach(() => {
  for (const one of started.splice(0)) one.kill();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['nginx', () => startNginx()],
  ['busybox httpd', () => startBusybox()],
])('the field reads an image that lies on %s, byte for byte', async (server, startServer) => {
  const port = await startServer();
  const torrent = torrentWith(server, `http://127.0.0.1:${port}/room.viver`, '--hybrid');
  const node = new FieldProcess([torrent, '--share', '4']);
  started.push(node);
  await node.ready;
  expect(await node.readAll()).toBe(createHash('sha256').update(content).digest('hex'));
  const { bytesFrom, peers } = await node.status();
  expect(Object.keys(bytesFrom.peers)).toEqual([`http://127.0.0.1:${port}/room.viver`]);
  expect(peers.map(({ client }) => client)).toEqual(['web seed']);
});

test('viver field join --web-seed: a copy without any peer', async () => {
  const url = `http://127.0.0.1:${await startBusybox()}/room.viver`;
  const words = ['--web-seed', url, '--share', 'all', '--listen', '127.0.0.1:0'];
  const node = new ViverProcess(
    ['field', 'join', formatMagnet({ ...(await readImageFile(image)).metainfo, peers: [] }), ...words, '--no-discover'],
    { RUNTIME_DIRECTORY: folder },
  );
  started.push({ kill: () => node.stop('SIGKILL') });
  expect(await node.fact('complete')).toMatch(/^all \d+ pieces, \d+\.\d MiB, are held here$/);
  expect(await node.stop()).toBe(0);
});

test('a link with nothing but a web seed leads to the image: its metainfo is in the .viver there', async () => {
  const url = `http://127.0.0.1:${await startNginx()}/room.viver`;
  const { metainfo } = await readImageFile(image);
  const node = new FieldProcess([formatMagnet({ ...metainfo, peers: [], webSeedUrls: [url] }), '--share', '4']);
  started.push(node);
  await node.ready;
  expect(await node.readAll()).toBe(createHash('sha256').update(content).digest('hex'));
});

const CLIENTS: [string, (torrent: string, directory: string) => [string, string[]], RegExp][] = [
  [
    'aria2',
    (torrent, directory) => [
      'aria2c',
      ['--enable-dht=false', '--bt-enable-lpd=false', '--seed-time=0', `--dir=${directory}`, torrent],
    ],
    /download completed|\(OK\)/,
  ],
  [
    'libtorrent',
    (torrent, directory) => [
      '/usr/bin/python3',
      [join(import.meta.dirname, 'libtorrent-client.py'), torrent, directory],
    ],
    /has the whole content/,
  ],
  [
    'Transmission',
    (torrent, directory) => {
      const settings = join(folder, 'transmission-settings');
      mkdirSync(settings, { recursive: true });
      writeFileSync(join(settings, 'settings.json'), '{"dht-enabled": false, "lpd-enabled": false}');
      return ['transmission-cli', ['--config-dir', settings, '--no-portmap', '--download-dir', directory, torrent]];
    },
    /Seeding, uploading|State changed from "Incomplete" to "Complete"/,
  ],
];

test.each(CLIENTS)('%s gets the image from a node by HTTP alone', async (client, command, whole) => {
  const node = new FieldProcess([image, '--listen', '127.0.0.1:0']);
  started.push(node);
  await node.ready;
  const directory = join(folder, client);
  mkdirSync(directory);
  const torrent = torrentWith(client, `http://127.0.0.1:${node.port}/${name}`);
  await run(...command(torrent, directory), whole);
  expect(readFileSync(join(directory, name)).equals(content)).toBe(true);
  // No peer of the swarm has brought it: the .torrent names no tracker.
  expect((await node.status()).peers).toEqual([]);
});

function torrentWith(what: string, webSeed: string, ...words: string[]): string {
  const output = join(folder, `${what}.torrent`);
  const made = kit(['image', 'torrent', image, '--output', output, '--web-seed', webSeed, ...words]);
  expect(made).toMatchObject({ status: 0 });
  return output;
}

/** Serves the folder. @returns Its port. */
async function startNginx(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off; pid ${folder}/nginx.pid; error_log stderr notice;
    events {}
    http {
      access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${port}; root ${folder}; }
    }`,
  );
  await run('nginx', ['-c', config, '-p', folder, '-e', 'stderr'], /start worker process \d/);
  return port;
}

/** Serves the folder. @returns Its port. */
async function startBusybox(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  started.push(spawn('busybox', ['httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', folder], { stdio: 'inherit' }));
  const answers = () => fetch(`http://127.0.0.1:${port}/none`).then(Boolean, () => false);
  await expect.poll(answers, { timeout: 10_000 }).toBe(true);
  return port;
}

/** Starts a program and waits for a line; it goes on running until the test ends. */
function run(command: string, words: readonly string[], line: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk;
      if (line.test(output)) resolve();
    };
    child.stdout!.on('data', take);
    child.stderr!.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${output.slice(-2000)}`)));
  });
}
