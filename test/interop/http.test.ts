// The HTTP engine against curl: ranges, resuming, many at once, and nothing outside of the boot set. Needs root (network
// namespaces) and curl.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWire, type Wire, type WireHost } from './wire.ts';

const server = '10.98.0.1';
const program = new URL('./boot-server-program.ts', import.meta.url).pathname;
const bytes = randomBytes(20_000_000);
let folder: string;
let wire: Wire;
let client: WireHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-http-'));
  writeFileSync(join(folder, 'initrd'), bytes);
  wire = createWire('vhttp');
  const host = wire.host('server', { address: `${server}/24` });
  client = wire.host('client', { address: '10.98.0.50/24' });
  const settings = { nic: 'eth0', address: server, mode: 'server', files: folder, leaseSeconds: 60 };
  const engine = host.start(process.execPath, [program, JSON.stringify(settings)]);
  await engine.waitFor(/ready/, 10_000);
});

afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

const out = () => join(folder, 'got');
const curl = (...args: string[]) => client.run('curl', ['-sS', '-o', out(), '-w', '%{http_code}', ...args]);
const url = (path: string) => `http://${server}/${path}`;

test('a whole file', () => {
  const started = Date.now();
  expect(curl(url('initrd')).stdout).toBe('200');
  console.log(`20 MB in ${Date.now() - started} ms`);
  expect(readFileSync(out()).equals(bytes)).toBe(true);
});

test.each([
  ['0-99', 0, 100],
  ['1000000-1999999', 1_000_000, 2_000_000],
  ['-5', bytes.length - 5, bytes.length],
])('range %s', (range, start, end) => {
  expect(curl('-r', range, url('initrd')).stdout).toBe('206');
  expect(readFileSync(out()).equals(bytes.subarray(start, end))).toBe(true);
});

test('a broken download goes on where it stopped', () => {
  curl(url('initrd'));
  truncateSync(out(), 12_345_678);
  expect(curl('-C', '-', url('initrd')).stdout).toBe('206');
  expect(readFileSync(out()).equals(bytes)).toBe(true);
});

test('HEAD, an unchanged file, a range behind the end', () => {
  const head = client.run('curl', ['-sSI', url('initrd')]).stdout;
  expect(head).toMatch(/content-length: 20000000/i);
  const tag = /etag: (\S+)/i.exec(head)![1]!;
  expect(curl('-H', `If-None-Match: ${tag}`, url('initrd')).stdout).toBe('304');
  expect(curl('-r', '20000000-', url('initrd')).stdout).toBe('416');
});

test('several files over one connection', () => {
  const { stderr } = client.run('curl', ['-sv', '-o', out(), '-o', out(), url('boot.ipxe'), url('initrd')]);
  expect(stderr.match(/Connected to/g)?.length).toBe(1);
});

test.each(['nothing', '../etc/passwd', '..%2f..%2fetc/passwd', '%00', 'initrd/../../x'])('no way out: %s', (path) => {
  expect(['400', '404']).toContain(curl('--path-as-is', url(path)).stdout);
});

test('50 clients at once', async () => {
  const one = `curl -sS ${url('initrd')} | sha256sum`;
  const sum = client.run('sh', ['-c', one]).stdout;
  const runs = Array.from({ length: 50 }, () => client.start('sh', ['-c', one]));
  const started = Date.now();
  const texts = await Promise.all(runs.map((run) => run.waitFor(/^[0-9a-f]{64} /m, 60_000)));
  console.log(`50 x 20 MB in ${Date.now() - started} ms`);
  expect(new Set(texts)).toEqual(new Set([sum]));
});
