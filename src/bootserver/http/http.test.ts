import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../log.ts';
import { bytesContent, normalizePath } from '../content.ts';
import { contentType, matchesTag, parseRange } from './answer.ts';
import { contentRoute, type HttpRoute, matchRoute } from './routes.ts';
import { createHttpServer, type HttpServer } from './server.ts';

test.each([
  [undefined, undefined],
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=5-', { first: 5, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-1000', { first: 0, last: 99 }],
  ['bytes=90-1000', { first: 90, last: 99 }],
  ['BYTES=1-2', { first: 1, last: 2 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=9-5', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,5-6', undefined],
  ['lines=0-1', undefined],
])('range %s of 100 bytes', (header, wish) => {
  expect(parseRange(header, 100)).toEqual(wish);
});

test('ranges of an empty file', () => {
  expect([parseRange('bytes=0-', 0), parseRange('bytes=-5', 0)]).toEqual(['unsatisfiable', 'unsatisfiable']);
});

test('tags', () => {
  expect(matchesTag('"a", W/"b"', 'b')).toBe(true);
  expect(matchesTag('*', 'b')).toBe(true);
  expect(matchesTag('"c"', 'b')).toBe(false);
  expect(matchesTag('*', undefined)).toBe(false);
});

test.each([
  ['/boot//x', 'boot/x'],
  ['\\boot\\x', 'boot/x'],
  ['./x', 'x'],
  ['../x', undefined],
  ['a/../../x', undefined],
  ['', undefined],
  ['a\0b', undefined],
  ['x'.repeat(2000), undefined],
])('path %j', (path, normal) => {
  expect(normalizePath(path)).toBe(normal);
});

test('media types', () => {
  expect([contentType('/a/x.EFI'), contentType('vmlinuz')]).toEqual(['application/efi', 'application/octet-stream']);
});

describe('server', () => {
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) & 255);
  const lines: string[] = [];
  let server: HttpServer;
  let base: string;
  let closed = 0;
  const routes: HttpRoute[] = [
    { method: 'GET', path: '/status/:name', handle: async ({ parameters }) => ({ kind: 'json', value: parameters }) },
    {
      method: 'POST',
      path: '/report',
      handle: async (request) => ({ kind: 'text', text: `${(await request.body()).length}` }),
    },
    { method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('no luck')) },
    {
      method: 'GET',
      path: '/half',
      handle: async () => {
        const content = bytesContent(bytes);
        const read = (offset: number, length: number) =>
          offset > 0 ? Promise.reject(new Error('disk gone')) : content.read(offset, length);
        return { kind: 'content', content: { ...content, read } };
      },
    },
    contentRoute(async (path) => {
      if (path !== 'dir/file') return undefined;
      const content = bytesContent(bytes, 'v1');
      return { ...content, close: async () => void closed++ };
    }),
  ];

  beforeAll(async () => {
    const log = createLog((_level, _area, line) => lines.push(line));
    server = await createHttpServer({ address: '127.0.0.1', port: 0, routes, log });
    base = `http://127.0.0.1:${server.port}`;
  });
  afterAll(() => server.close());

  test('a whole file, and a line about it', async () => {
    const response = await fetch(`${base}/dir/file`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.get('etag')).toBe('"v1"');
    await expect.poll(() => lines.some((line) => /GET \/dir\/file 200, 1000000 bytes, \d+ ms/.test(line))).toBe(true);
    expect(closed).toBe(1);
  });

  test('a range, one that is not there, and If-Range', async () => {
    const range = { range: 'bytes=1000-1999' };
    const part = await fetch(`${base}/dir/file`, { headers: range });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 1000-1999/1000000']);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(1000, 2000));
    const none = await fetch(`${base}/dir/file`, { headers: { range: 'bytes=1000000-' } });
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */1000000']);
    expect((await fetch(`${base}/dir/file`, { headers: { ...range, 'if-range': '"v0"' } })).status).toBe(200);
    expect((await fetch(`${base}/dir/file`, { headers: { ...range, 'if-range': '"v1"' } })).status).toBe(206);
  });

  test('HEAD has the length and no body, a known tag gives 304', async () => {
    const head = await fetch(`${base}/dir/file`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '1000000']);
    expect((await fetch(`${base}/dir/file`, { headers: { 'if-none-match': '"v1"' } })).status).toBe(304);
  });

  test('404, 405, 400, 413, 500; and it lives on', async () => {
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
    const wrong = await fetch(`${base}/dir/file`, { method: 'POST' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${base}/x/..%2f..%2fetc/passwd`)).status).toBe(400);
    expect((await fetch(`${base}/%`)).status).toBe(400);
    expect((await fetch(`${base}/report`, { method: 'POST', body: new Uint8Array(2_000_000) })).status).toBe(413);
    expect((await fetch(`${base}/broken`)).status).toBe(500);
    expect(await (await fetch(`${base}/report`, { method: 'POST', body: 'abc' })).text()).toBe('3');
    expect(await (await fetch(`${base}/status/pc-1`)).json()).toEqual({ name: 'pc-1' });
  });

  test('a file that breaks in the middle is seen to be broken', async () => {
    await expect(fetch(`${base}/half`).then((response) => response.arrayBuffer())).rejects.toThrow();
  });

  test('two requests on one connection; noise gets a 400', async () => {
    const talk = (text: string) =>
      new Promise<string>((resolve) => {
        let heard = '';
        const socket = connect(server.port, '127.0.0.1', () => socket.end(text));
        socket.on('data', (data) => {
          heard += data;
        });
        socket.on('close', () => resolve(heard));
      });
    const request = (name: string) => `GET /status/${name} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect((await talk(request('a') + request('b'))).match(/HTTP\/1.1 200/g)?.length).toBe(2);
    expect(await talk('\x00\x01nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  });
});

test('the first route that suits is taken', () => {
  const route = (method: HttpRoute['method'], path: string): HttpRoute => ({
    method,
    path,
    handle: async () => ({ kind: 'not-found' }),
  });
  const routes = [route('GET', '/'), route('PUT', '/a/:b'), route('GET', '/a/*')];
  expect(matchRoute(routes, 'GET', '')).toMatchObject({ route: routes[0] });
  expect(matchRoute(routes, 'PUT', 'a/x')).toMatchObject({ route: routes[1], parameters: { b: 'x' } });
  expect(matchRoute(routes, 'HEAD', 'a/x/y')).toMatchObject({ route: routes[2], parameters: { '*': 'x/y' } });
  expect(matchRoute(routes, 'DELETE', 'a/x')).toEqual({ kind: 'wrong-method', allowed: ['GET', 'HEAD', 'PUT'] });
});
