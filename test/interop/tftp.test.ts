// The TFTP engine against curl, tftp-hpa, busybox and the client of the npm package `tftp`, without and with packet loss. Needs root
// (network namespaces), curl, tftp-hpa, busybox, nftables.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const server = '10.98.0.1';
const program = new URL('./boot-server-program.ts', import.meta.url).pathname;
const project = new URL('../..', import.meta.url).pathname;
const sizes = { empty: 0, b512: 512, b1468: 1468, b1M: 1_000_000, b34M: 34_000_000 };
const names = Object.keys(sizes) as Array<keyof typeof sizes>;

let folder: string;
let wire: Wire;
let engine: Program;
let client: WireHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-tftp-'));
  for (const name of names) writeFileSync(join(folder, name), randomBytes(sizes[name]));
  writeFileSync(join(folder, '..', 'viver-tftp-outside'), 'secret');
  wire = createWire('vtftp');
  const host = wire.host('server', { address: `${server}/24` });
  host.run('ip', ['addr', 'add', '10.98.0.11/24', 'dev', 'eth0']);
  client = wire.host('client', { address: '10.98.0.50/24' });
  const settings = { nic: 'eth0', address: server, mode: 'server', files: folder, leaseSeconds: 60 };
  engine = host.start(process.execPath, [program, JSON.stringify(settings)]);
  await engine.waitFor(/ready/, 10_000);
});

afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(folder, '..', 'viver-tftp-outside'));
});

const url = (name: string) => `tftp://${server}/${name}`;
const packageClient = `require('tftp').createClient({ host: '${server}', windowSize: +process.argv[1], blockSize: 1468 })
  .get(process.argv[2], process.argv[3], (error) => { if (error) { console.error(error); process.exit(1); } });`;

/** How each program fetches `name` into `out`. */
const clients: Record<string, (name: string, out: string) => [string, string[]]> = {
  'curl, no options': (name, out) => ['curl', ['-sS', '--tftp-no-options', '-o', out, url(name)]],
  'curl, blksize 1468': (name, out) => ['curl', ['-sS', '--tftp-blksize', '1468', '-o', out, url(name)]],
  'curl, blksize 65464': (name, out) => ['curl', ['-sS', '--tftp-blksize', '65464', '-o', out, url(name)]],
  'tftp-hpa': (name, out) => ['tftp', ['-m', 'binary', server, '-c', 'get', name, out]],
  busybox: (name, out) => ['busybox', ['tftp', '-g', '-b', '1432', '-r', name, '-l', out, server]],
};
const windows = [1, 4, 16, 64];

function fetchWith(command: string, args: readonly string[], out: string): Buffer {
  rmSync(out, { force: true });
  const { status, stderr, stdout } = client.run(command, args, { timeoutMs: 100_000, cwd: project });
  expect([status, stderr, stdout]).toEqual([0, expect.anything(), expect.anything()]);
  return readFileSync(out);
}

const isSame = (name: string, got: Buffer) => readFileSync(join(folder, name)).equals(got);

describe.each(Object.keys(clients))('%s', (name) => {
  test.each(names)('gets %s', (file) => {
    const out = join(folder, 'got');
    const started = Date.now();
    expect(isSame(file, fetchWith(...clients[name]!(file, out), out))).toBe(true);
    if (file === 'b34M') console.log(`${name}: ${file} in ${Date.now() - started} ms`);
  });
});

test.each(windows)('the npm client with windowsize %i gets 34 MB', (windowsize) => {
  const out = join(folder, 'got');
  const args = ['--no-deprecation', '-e', packageClient, String(windowsize), 'b34M', out];
  const started = Date.now();
  expect(isSame('b34M', fetchWith(process.execPath, args, out))).toBe(true);
  console.log(`npm tftp, windowsize ${windowsize}: b34M in ${Date.now() - started} ms`);
});

test('50 clients at once', async () => {
  const outs = Array.from({ length: 50 }, (_, index) => join(folder, `got${index}`));
  const runs = outs.map((out) =>
    client.start('sh', ['-c', `curl -sS --tftp-blksize 1468 -o ${out} ${url('b1M')} && echo fetched`]),
  );
  await Promise.all(runs.map((run) => run.waitFor(/fetched/, 60_000)));
  expect(outs.every((out) => isSame('b1M', readFileSync(out)))).toBe(true);
});

test.each(['../viver-tftp-outside', '/../../viver-tftp-outside', '..\\viver-tftp-outside', 'nothing', '/etc/passwd'])(
  'nothing outside of the boot set: %s',
  (path) => {
    const { stdout, stderr } = client.run('tftp', [
      '-m',
      'binary',
      server,
      '-c',
      'get',
      path,
      join(folder, 'got-outside'),
    ]);
    expect(stdout + stderr).toMatch(/File not found|no such file/i);
  },
);

test('a write is refused', () => {
  const { status } = client.run('curl', ['-sS', '-T', join(folder, 'b512'), url('b512')]);
  expect(status).toBe(69); // CURLE_TFTP_PERM
});

test('short and senseless packets to the server and to a running transfer', async () => {
  const noise = `const { createSocket } = require('node:dgram');
    const socket = createSocket('udp4');
    let left = 300;
    socket.on('message', (_bytes, peer) => { for (const length of [0, 1, 2, 3, 4]) socket.send(Buffer.alloc(length, 4), peer.port, peer.address); });
    const go = setInterval(() => {
      socket.send(Buffer.alloc(left % 7), 69, '${server}');
      socket.send('\\0\\x01b512\\0octet\\0blksize\\0', 69, '${server}');
      if (--left === 0) { clearInterval(go); setTimeout(() => process.exit(0), 200); }
    }, 1);`;
  expect(client.run(process.execPath, ['-e', noise]).status).toBe(0);
  const out = join(folder, 'got');
  expect(isSame('b1M', fetchWith(...clients.busybox!('b1M', out), out))).toBe(true);
});

describe('1 % of the packets lost each way', () => {
  beforeAll(() => wire.lose(1));

  test.each(Object.keys(clients).filter((name) => name !== 'curl, no options'))('%s', (name) => {
    const out = join(folder, 'got');
    expect(isSame('b1M', fetchWith(...clients[name]!('b1M', out), out))).toBe(true);
  });
});
