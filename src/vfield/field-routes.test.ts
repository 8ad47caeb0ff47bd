// One TCP port for peers and for HTTP, over real sockets on loopback.

import { createConnection } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeImage } from '../../sim/image.ts';
import { createLog, type LogLevel } from '../log.ts';
import { decodeBencode } from './bencode.ts';
import { bytesSource } from './block-source.ts';
import { type Field, type FieldOptions, openField } from './field.ts';
import { legacyMetainfo } from './legacy-metainfo.ts';

const image = await makeImage(6);
const { metainfo } = image;
const fields: Field[] = [];
const lines: string[] = [];
const log = createLog((level: LogLevel, _area, message) => lines.push(`${level} ${message}`), '', 'debug');

afterEach(async () => {
  for (const field of fields.splice(0)) await field.close();
});

async function open(options: Partial<FieldOptions> = {}): Promise<Field> {
  const listen = { host: '127.0.0.1', port: 0 };
  const field = await openField({ metainfo, listen, shareBytes: 0, discovery: false, log, ...options });
  fields.push(field);
  return field;
}

const openSeed = (): Promise<Field> => open({ local: bytesSource(image.bytes) });
const urlOf = (field: Field, path: string): string => `http://127.0.0.1:${field.port}${path}`;
const percent = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

async function announce(field: Field, more = ''): Promise<Record<string, unknown>> {
  const hash = percent(legacyMetainfo(metainfo).infoHash);
  const answer = await fetch(urlOf(field, `/announce?info_hash=${hash}&peer_id=${'x'.repeat(20)}&port=9${more}`));
  return decodeBencode(new Uint8Array(await answer.arrayBuffer())) as Record<string, unknown>;
}

/** What comes back for these bytes until the other side ends. */
function talk(port: number, ...parts: Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = createConnection(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    socket.on('data', (data) => {
      heard += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
}

test('the port is tracker and peer at once: who is told of a node can read from it', async () => {
  const seed = await openSeed();
  const { peers } = await announce(seed);
  expect(peers).toEqual(Buffer.of(127, 0, 0, 1, seed.port >> 8, seed.port & 255));
  const other = await open({ peers: [`127.0.0.1:${seed.port}`] });
  expect(Buffer.from(await other.source.read(0, image.bytes.length)).equals(image.bytes)).toBe(true);
  await expect.poll(async () => ((await announce(seed)).peers as Uint8Array).length).toBe(12);
});

test('a client that announces itself is called, by the name that it used', async () => {
  const seed = await openSeed();
  const calls: string[] = [];
  const { createServer } = await import('node:net');
  const client = createServer((socket) => {
    socket.once('data', (data: Buffer) => {
      calls.push(data.subarray(28, 48).toString('hex'));
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve));
  const { port } = client.address() as { port: number };
  await announce(seed, `&left=0&port=${port}`);
  await expect.poll(() => calls[0], { timeout: 8_000 }).toBe(legacyMetainfo(metainfo).infoHash.toHex());
  client.close();
}, 10_000);

test('the image by HTTP, whole and in ranges, out of a field that has to fetch it first', async () => {
  const seed = await openSeed();
  const leech = await open({ peers: [`127.0.0.1:${seed.port}`] });
  for (const field of [seed, leech]) {
    const whole = await fetch(urlOf(field, `/${metainfo.name}`));
    expect(Buffer.from(await whole.arrayBuffer()).equals(image.bytes)).toBe(true);
    const part = await fetch(urlOf(field, `/${metainfo.name}`), { headers: { range: 'bytes=131000-300000' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 131000-300000/${metainfo.lengthBytes}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer()).equals(image.bytes.subarray(131_000, 300_001))).toBe(true);
  }
  expect((await fetch(urlOf(seed, '/other'))).status).toBe(404);
});

test('scrape', async () => {
  const answer = await fetch(urlOf(await openSeed(), '/scrape'));
  expect(await answer.text()).toContain('8:completei1e10:downloadedi0e10:incompletei0e');
});

test('a request that comes byte by byte, and noise, harm nobody', async () => {
  const seed = await openSeed();
  const head = Buffer.from('GET /scrape HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await talk(seed.port, ...Array.from(head, (byte) => Buffer.of(byte)))).toContain('HTTP/1.1 200');
  expect(await talk(seed.port, Buffer.from('Gibberish\r\n\r\n'))).toContain('HTTP/1.1 400');
  expect(await talk(seed.port, Buffer.from(`GET /${'x'.repeat(40_000)} HTTP/1.1\r\n\r\n`))).toContain('HTTP/1.1 431');
  expect(await talk(seed.port, Buffer.from('\x01\x02nonsense'))).toBe('');
  expect((await announce(seed)).interval).toBe(120);
});

test('more connections than are served are closed, and room comes back', async () => {
  const seed = await openSeed();
  const sockets = await Promise.all(
    Array.from(
      { length: 80 },
      () =>
        new Promise<ReturnType<typeof createConnection>>((resolve) => {
          const socket = createConnection(seed.port, '127.0.0.1', () => {
            socket.write('GET /scrape HTTP/1.1\r\n');
            resolve(socket);
          });
          socket.on('error', () => {});
          socket.resume();
        }),
    ),
  );
  await expect.poll(() => sockets.filter((socket) => socket.closed).length).toBe(16);
  for (const socket of sockets) socket.destroy();
  await expect
    .poll(() =>
      announce(seed).then(
        ({ interval }) => interval,
        () => undefined,
      ),
    )
    .toBe(120);
});
