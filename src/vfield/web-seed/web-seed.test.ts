// A field whose only source is an HTTP server on loopback, with the faults that servers have.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeImage } from '../../../sim/image.ts';
import { encodeImageTrailer } from '../../images/format.ts';
import { createLog, type LogLevel } from '../../log.ts';
import { bytesSource } from '../block-source.ts';
import { createMetainfo } from '../create-metainfo.ts';
import { type Field, type FieldOptions, openField } from '../field.ts';
import { formatMagnet } from '../magnet.ts';
import { encodeMetainfo, type Metainfo } from '../metainfo.ts';

const image = await makeImage(20);
const { metainfo } = image;
/** A .viver file: the image, and something behind it. */
const FILE = Buffer.concat([image.bytes, Buffer.alloc(5000, 'metainfo')]);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let fields: Field[];
let servers: Server[];
let lines: string[];
/** Ranges asked for, as they came. */
let asked: string[];

beforeEach(() => {
  [fields, servers, lines, asked] = [[], [], [], []];
});

afterEach(async () => {
  for (const field of fields) await field.close();
  for (const server of servers) stop(server);
});

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function listen(handler: Handler, port = 0): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request.headers.range ?? request.url ?? '');
    handler(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serveRange(request: IncomingMessage, response: ServerResponse, file: Uint8Array = FILE): void {
  const [, first, last] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []).map(Number) as number[];
  if (first === undefined || last === undefined) {
    response.writeHead(200).end(file);
    return;
  }
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${file.length}` });
  response.end(file.subarray(first, last + 1));
}

async function open(webSeeds: readonly string[], options: Partial<FieldOptions> = {}): Promise<Field> {
  const log = createLog((level: LogLevel, _area, line) => lines.push(`${level} ${line}`), '', 'debug');
  const field = await openField({
    ...(options.magnet ? {} : { metainfo }),
    listen: { host: '127.0.0.1', port: 0 },
    shareBytes: 0,
    discovery: false,
    log,
    webSeeds,
    ...options,
  });
  fields.push(field);
  return field;
}

/** A .viver whose squashfs is nothing but a superblock. */
async function viverOf(pieces: number): Promise<{ file: Uint8Array; bytes: Uint8Array; metainfo: Metainfo }> {
  const bytes = Buffer.from((await makeImage(pieces)).bytes);
  bytes.write('hsqs');
  bytes.writeUInt16LE(4, 28); // version
  bytes.writeBigUInt64LE(BigInt(bytes.length), 40);
  async function* chunks() {
    yield bytes;
  }
  const made = await createMetainfo(chunks(), { name: 'x.squashfs', image: metainfo.image });
  return { file: Buffer.concat([bytes, encodeImageTrailer(encodeMetainfo(made))]), bytes, metainfo: made };
}

async function reads(field: Field): Promise<boolean> {
  return Buffer.from(await field.source.read(0, image.bytes.length)).equals(image.bytes);
}

describe('a file with ranges (BEP 19)', () => {
  test('the whole image comes, neighbouring pieces together, over few connections', async () => {
    const url = `${await listen(serveRange)}/debian.viver`;
    let connections = 0;
    servers[0]!.on('connection', () => connections++);
    const field = await open([url]);
    expect(await reads(field)).toBe(true);
    expect(field.status().bytesFrom.peers).toEqual({ [url]: image.bytes.length });
    expect(field.status().peers).toMatchObject([{ address: url, client: 'web seed', held: metainfo.pieceCount }]);
    expect(field.status().copies.min).toBe(0);
    expect(asked.length).toBeLessThan(metainfo.pieceCount);
    expect(connections).toBeLessThanOrEqual(4);
  });

  test('a folder, and redirects, which are remembered', async () => {
    const there = await listen(serveRange);
    const url = await listen((request, response) => {
      response.writeHead(302, { location: `${there}${request.url}` }).end();
    });
    const field = await open([`${url}/images/`]);
    expect(await reads(field)).toBe(true);
    expect(asked.filter((range) => range === 'bytes=0-1')).toHaveLength(2);
  });

  test('named by the metainfo and by a link', async () => {
    const url = `${await listen(serveRange)}/x`;
    const byMetainfo = await open([], { metainfo: { ...metainfo, webSeeds: [{ url, kind: 'file' }] } });
    expect(await reads(byMetainfo)).toBe(true);
    const peers = [`127.0.0.1:${byMetainfo.port}`];
    const byLink = await open([], { magnet: formatMagnet({ ...metainfo, peers, webSeedUrls: [url] }) });
    await expect.poll(() => byLink.status().peers.some(({ address }) => address === url)).toBe(true);
    expect(await reads(byLink)).toBe(true);
  });

  test('a link without any peer: the metainfo is in the .viver, once the right one lies there', async () => {
    const right = await viverOf(20);
    let { file } = await viverOf(3);
    const url = await listen((request, response) => serveRange(request, response, file));
    const opening = open([], { magnet: formatMagnet({ ...right.metainfo, peers: [], webSeedUrls: [`${url}/x`] }) });
    await expect.poll(() => lines.some((line) => line.includes('it is another image'))).toBe(true);
    file = right.file;
    const bytes = await (await opening).source.read(0, right.bytes.length);
    expect(Buffer.from(bytes).equals(right.bytes)).toBe(true);
  }, 10_000);

  test('a server that has no ranges, or the wrong file, is refused with the reason, once', async () => {
    const base = await listen((request, response) => {
      if (request.url === '/none') response.writeHead(404).end('not here');
      else if (request.url === '/whole') response.writeHead(200).end(FILE);
      else serveRange(request, response, FILE.subarray(0, 100_000));
    });
    await open([`${base}/whole`, `${base}/none`, `${base}/short`]);
    const said = (path: string) => lines.filter((line) => line.startsWith(`info ${base}/${path}: `));
    await expect.poll(() => [said('whole'), said('none'), said('short')].flat().length).toBe(3);
    expect(said('whole')[0]).toContain('200 instead of 206: the server gives no ranges');
    expect(said('none')[0]).toContain('status 404');
    expect(said('short')[0]).toContain('the file has 100000 bytes');
  });

  test('a server that calls the whole file a range is refused with what it sent', async () => {
    const base = await listen((_, response) =>
      response.writeHead(206, { 'content-range': `bytes 0-${FILE.length - 1}/${FILE.length}` }).end(FILE),
    );
    await open([`${base}/x`]);
    const said = () => lines.filter((line) => line.startsWith(`info ${base}/x: `));
    await expect.poll(() => said().length).toBe(1);
    expect(said()[0]).toContain(`asked for bytes 0-1, got "bytes 0-${FILE.length - 1}/${FILE.length}"`);
  });

  test('redirects without end are refused', async () => {
    const url = await listen((_, response) => response.writeHead(301, { location: '/again' }).end());
    await open([url]);
    await expect.poll(() => lines.some((line) => line.includes('more than 5 redirects'))).toBe(true);
  });

  test('a server that fails in the middle and comes back: the read goes on', async () => {
    let isGood = false;
    const url = await listen((request, response) => {
      if (request.headers.range === 'bytes=0-1' || isGood) serveRange(request, response);
      else response.writeHead(206, { 'content-range': 'bytes 0-1/9', 'content-length': 9 }).destroy();
    });
    const field = await open([url]);
    const reading = reads(field);
    await expect
      .poll(() => lines.filter((line) => line.includes('has left')).length, { timeout: 5_000 })
      .toBeGreaterThan(0);
    isGood = true;
    expect(await reading).toBe(true);
  }, 20_000);

  test('a server that is off, then on', async () => {
    const base = await listen(serveRange);
    stop(servers[0]!);
    const field = await open([`${base}/x`]);
    const reading = reads(field);
    await expect.poll(() => lines.some((line) => line.includes('ECONNREFUSED'))).toBe(true);
    await listen(serveRange, Number(new URL(base).port));
    expect(await reading).toBe(true);
  });

  test('one with wrong bytes is banned, and another one gives the image', async () => {
    const wrong = Buffer.from(FILE);
    wrong[200_000]! ^= 1;
    const liar = await listen((request, response) => serveRange(request, response, wrong));
    const field = await open([liar]);
    const reading = reads(field);
    await expect.poll(() => lines.some((line) => line.startsWith(`warn ${liar} is banned`))).toBe(true);
    const honest = await open([], { local: bytesSource(image.bytes) });
    field.addPeer(`127.0.0.1:${honest.port}`);
    expect(await reading).toBe(true);
  });

  test('an address that is none is an error', async () => {
    await expect(open(['pc-1/file'])).rejects.toThrow(expect.objectContaining({ code: 'WEBSEED_URL' }));
  });
});

test('a script that is asked for pieces (BEP 17)', async () => {
  const url = `${await listen((request, response) => {
    const query = new URL(request.url!, 'http://x').search;
    const hash = /info_hash=((?:%[0-9a-f]{2}){20})&/.exec(query)?.[1]?.replaceAll('%', '');
    const piece = Number(/&piece=(\d+)/.exec(query)?.[1]);
    const [first, last] = (/&ranges=(\d+)-(\d+)$/.exec(query) ?? [0, 0, metainfo.pieceBytes - 1]).slice(1).map(Number);
    if (hash !== metainfo.infoHashV1.toHex()) return void response.writeHead(404).end();
    const bytes = image.bytes.subarray(piece * metainfo.pieceBytes, (piece + 1) * metainfo.pieceBytes);
    response.writeHead(200).end(bytes.subarray(first, last! + 1));
  })}/seed?x=1`;
  const field = await open([], { metainfo: { ...metainfo, webSeeds: [{ url, kind: 'script' }] } });
  expect(await reads(field)).toBe(true);
  expect(asked).toHaveLength(metainfo.pieceCount + 1);
});
