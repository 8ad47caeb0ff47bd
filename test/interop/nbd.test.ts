// Our NBD server read by real clients: nbdinfo, nbdcopy (libnbd-bin), qemu-img, qemu-io. Bytes are compared. Needs no
// root. What decent clients do not ask is asked by test/programs/nbd-client.ts.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Command, NbdErrno } from '../../src/vfield/nbd/protocol.ts';
import { encodeRequest } from '../../src/vfield/nbd/transmission.ts';
import { NbdClient } from '../programs/nbd-client.ts';

const SIZE = 5 * 1024 * 1024 + 1234;
const PADDED = Math.ceil(SIZE / 4096) * 4096;
const folder = await mkdtemp(join(tmpdir(), 'viver-nbd-'));
const image = join(folder, 'image');
const content = Buffer.alloc(SIZE);
for (let at = 0; at < SIZE; at++) content[at] = (at * 2654435761) >>> 17;
await writeFile(image, content);
const padded = Buffer.concat([content, Buffer.alloc(PADDED - SIZE)]);

const servers: ChildProcess[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true }));

let sockets = 0;

/** Starts the server program; resolves to its socket when it listens. */
async function serve(...options: string[]): Promise<string> {
  const socket = join(folder, `socket-${++sockets}`);
  const args = ['test/programs/serve-nbd.ts', socket, image, ...options];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  servers.push(server);
  await once(server.stdout!, 'data');
  return socket;
}

const uri = (socket: string, name = 'image'): string => `nbd+unix:///${name}?socket=${socket}`;

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

describe.each([
  ['a file', []],
  ['memory', ['--memory']],
  ['with polling', ['--memory', '--poll']],
  ['answers in reverse order', ['--reverse']],
  ['a slow source', ['--slow', '3']],
  ['7 bytes at a time', ['--memory', '--chunk', '7']],
])('%s', (_, options) => {
  test('nbdcopy gets the bytes, over one connection and over four', async () => {
    const socket = await serve('--pad', '4096', ...options);
    for (const connections of ['1', '4']) {
      const copy = join(folder, 'copy');
      run('nbdcopy', `--connections=${connections}`, '--requests=64', uri(socket), copy);
      expect(Buffer.compare(await readFile(copy), padded)).toBe(0);
      await rm(copy);
    }
  });

  test('qemu-img gets the bytes', async () => {
    const socket = await serve('--pad', '4096', ...options);
    const copy = join(folder, 'qemu-copy');
    run('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', uri(socket), copy);
    expect(Buffer.compare(await readFile(copy), padded)).toBe(0);
    expect(run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', uri(socket), copy)).toContain('Images are identical');
  });
});

test('one byte at a time, through handshake and requests', async () => {
  const socket = await serve('--chunk', '1');
  expect(run('nbdinfo', '--size', uri(socket))).toBe(`${SIZE}\n`);
  expect(run('qemu-io', '-r', '-f', 'raw', uri(socket), '-c', 'read -v 1000 16')).toContain(
    hexLine(content.subarray(1000, 1016)),
  );
});

test('nbdinfo tells size, flags, block sizes and the list', async () => {
  const socket = await serve();
  const info = JSON.parse(run('nbdinfo', '--json', uri(socket)));
  expect(info).toMatchObject({ protocol: 'newstyle-fixed', TLS: false, structured: false });
  expect(info.exports[0]).toMatchObject({
    'export-name': 'image',
    description: 'the image under test',
    'export-size': SIZE,
    is_read_only: true,
    can_multi_conn: true,
    can_flush: false,
    can_trim: false,
    block_size_minimum: 1,
    block_size_preferred: 4096,
    block_size_maximum: 32 * 1024 * 1024,
  });
  const list = JSON.parse(run('nbdinfo', '--list', '--json', `nbd+unix:///?socket=${socket}`));
  expect(list.exports.map((entry: { 'export-name': string }) => entry['export-name'])).toEqual(['image', 'small']);
  expect(run('nbdinfo', '--size', uri(socket, 'small'))).toBe('5\n');
  expect(() => run('nbdinfo', uri(socket, 'nope'))).toThrow(/No such file|not found|ERR_UNKNOWN|failed/i);
});

test('qemu-io reads patterns at odd places, and can not write', async () => {
  const socket = await serve('--pad', '4096');
  const args = ['-r', '-f', 'raw', uri(socket)];
  expect(run('qemu-io', ...args, '-c', 'read -v 123 16')).toContain(hexLine(content.subarray(123, 139)));
  expect(run('qemu-io', ...args, '-c', `read -P 0 ${SIZE} ${PADDED - SIZE}`)).not.toContain('failed');
  expect(() => run('qemu-io', '-f', 'raw', uri(socket), '-c', 'write 0 512')).toThrow(/read-only|Permission/i);
});

test('what a client should not ask is refused, and the connection goes on', async () => {
  const client = await NbdClient.open(await serve(), 'image');
  const asked = [
    client.ask(Command.write, 0, 100_000),
    client.ask(Command.trim, 0, 4096),
    client.ask(Command.writeZeroes, 0, 4096),
    client.ask(Command.flush, 0, 0),
    client.ask(Command.cache, 0, 4096),
    client.ask(Command.blockStatus, 0, 4096),
    client.ask(77, 0, 0),
    client.read(SIZE - 5, 10),
    client.read(2 ** 50, 10),
    client.read(0, 33 * 1024 * 1024),
    client.ask(Command.read, 0, 10, 1),
  ];
  const errors = (await Promise.all(asked)).map(({ error }) => error);
  expect(errors).toEqual([...Array(3).fill(NbdErrno.EPERM), ...Array(8).fill(NbdErrno.EINVAL)]);
  expect((await client.read(SIZE - 4, 4)).bytes).toEqual(content.subarray(SIZE - 4));
  client.close();
});

test('many requests in flight come back with their own bytes', async () => {
  const client = await NbdClient.open(await serve('--reverse'), 'image');
  const reads = Array.from({ length: 2000 }, async (_, at) => {
    const offset = (at * 104_729) % (SIZE - 40_000);
    const { error, bytes } = await client.read(offset, 1 + ((at * 7919) % 40_000));
    return error === 0 && bytes.equals(content.subarray(offset, offset + bytes.length));
  });
  expect((await Promise.all(reads)).every((good) => good)).toBe(true);
  client.close();
});

test('a failing source is EIO for that request alone', async () => {
  const client = await NbdClient.open(await serve('--fail-each', '3'), 'image');
  const errors: number[] = [];
  for (let at = 0; at < 6; at++) errors.push((await client.read(at, 10)).error);
  expect(errors).toEqual([0, 0, NbdErrno.EIO, 0, 0, NbdErrno.EIO]);
  client.close();
});

test('clients that vanish leave the server serving', async () => {
  const socket = await serve('--slow', '50');
  for (let at = 0; at < 20; at++) {
    const client = connect(socket);
    await once(client, 'data');
    client.end(Buffer.from('0000000349484156454f505400000001000000', 'hex').subarray(0, at));
    client.destroy();
  }
  // Killed in the middle of its reads.
  expect(() => execFileSync('timeout', ['0.1', 'nbdcopy', '--requests=2', uri(socket), 'null:'])).toThrow();
  expect(run('nbdinfo', '--size', uri(socket))).toBe(`${SIZE}\n`);
}, 20_000);

test('a hundred clients at once each get their own bytes', async () => {
  const socket = await serve('--reverse');
  const clients = await Promise.all(Array.from({ length: 100 }, () => NbdClient.open(socket, 'image')));
  const good = await Promise.all(
    clients.map(async (client, at) => {
      const offsets = Array.from({ length: 20 }, (_, step) => (at * 7919 + step * 104_729) % (SIZE - 5000));
      const answers = await Promise.all(offsets.map((offset) => client.read(offset, 5000)));
      return answers.every(({ bytes }, step) => bytes.equals(content.subarray(offsets[step]!, offsets[step]! + 5000)));
    }),
  );
  expect(good.every((each) => each)).toBe(true);
  for (const client of clients) client.close();
});

test('a client that asks for gigabytes and does not read them takes little memory, and holds nobody up', async () => {
  const socket = await serve('--memory');
  const server = servers.at(-1)!.pid!;
  const deaf = connect(socket);
  await once(deaf, 'connect');
  deaf.pause();
  const read = { flags: 0, command: Command.read, cookieHigh: 0, cookieLow: 0, offsetBytes: 0, lengthBytes: SIZE };
  const requests = Array.from({ length: 4000 }, () => encodeRequest(read));
  deaf.write(
    Buffer.concat([Buffer.from('0000000349484156454f50540000000100000005', 'hex'), Buffer.from('image'), ...requests]),
  );
  const other = await NbdClient.open(socket, 'image');
  for (let at = 0; at < 200; at++) expect((await other.read(at * 1000, 1000)).bytes[0]).toBe(content[at * 1000]);
  expect(residentBytes(server)).toBeLessThan(400 * 1024 * 1024);
  other.close();
  deaf.destroy();
});

test('a client that stops sending in the middle of its handshake, or says goodbye to its own side, is let go', async () => {
  const socket = await serve();
  const half = connect(socket);
  await once(half, 'data');
  half.end(Buffer.from('00000003494841', 'hex'));
  await once(half, 'close');
  const silent = connect(socket);
  await once(silent, 'data');
  silent.write(Buffer.from('0000000349484156454f50540000000100000005', 'hex'));
  silent.end(Buffer.from('image'));
  await once(silent, 'close');
});

test.each([
  ['an unknown export by EXPORT_NAME', '0000000349484156454f505400000001000000046e6f7065'],
  ['flags that were not offered', '00000007'],
  ['an option without its magic number', '0000000349484156454f50550000000300000000'],
  ['an option of 2 MiB', '0000000349484156454f50540000000300200000'],
])('%s closes the connection', async (_, bytes) => {
  const client = connect(await serve());
  await once(client, 'data');
  client.resume();
  client.write(Buffer.from(bytes, 'hex'));
  await once(client, 'close');
});

test('reads before a goodbye are answered, though the client closes its side at once', async () => {
  const client = await NbdClient.open(await serve('--slow', '100'), 'image');
  const reads = Array.from({ length: 20 }, (_, at) => client.read(at * 1000, 1000));
  client.goodbye();
  const answers = await Promise.all(reads);
  expect(answers.every(({ bytes }, at) => bytes.equals(content.subarray(at * 1000, at * 1000 + 1000)))).toBe(true);
});

test('an encrypted connection is refused, and the plain one goes on', async () => {
  const client = connect(await serve());
  await once(client, 'data');
  client.write(Buffer.from('0000000349484156454f50540000000500000000', 'hex'));
  const [reply] = (await once(client, 'data')) as [Buffer];
  expect(reply.toString('hex')).toBe('0003e889045565a9000000058000000100000000');
  client.write(Buffer.from('49484156454f50540000000300000000', 'hex'));
  const [list] = (await once(client, 'data')) as [Buffer];
  expect(list.toString('latin1')).toContain('image');
  client.destroy();
});

test('block status is refused, and those who ask for a map take all for data', async () => {
  const socket = await serve('--pad', '4096');
  expect(() => run('nbdinfo', '--map', uri(socket))).toThrow(/does not support|not negotiated|base:allocation/);
  const map = JSON.parse(run('qemu-img', 'map', '--output=json', '-f', 'raw', uri(socket)));
  expect(map).toMatchObject([{ start: 0, length: PADDED, data: true, zero: false }]);
  expect(run('qemu-io', '-r', '-f', 'raw', uri(socket), '-c', 'map')).toContain('allocated');
});

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
}

/** The bytes as `qemu-io read -v` shows them. */
function hexLine(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
