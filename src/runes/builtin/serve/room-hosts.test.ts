// Rune room-hosts on a file of our own, in a room in memory.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cluster } from '../../../cluster/cluster.ts';
import { MemoryHub } from '../../../cluster/memory.ts';
import { startRuneHost } from '../../host/start.ts';
import { keptLog, sampleFacts } from '../../testing/room.ts';
import { roomHosts } from './room-hosts.ts';

let folder: string;
let file: string;
let hub: MemoryHub;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-hosts-'));
  file = join(folder, 'hosts');
  await writeFile(file, '127.0.0.1\tlocalhost\n');
  hub = new MemoryHub();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true });
});

const room = (name: string, address: string) => ({
  ...{ key: new Uint8Array(32), name, address, port: 6882, seeds: ['10.77.0.1'], labels: {} },
});

/** Another machine, that runs no rune. */
async function other(name: string, address: string): Promise<Cluster> {
  const handlers = { call: async () => undefined, event: () => {} };
  const cluster = await hub.join({ ...room(name, address), handlers });
  ends.push(() => cluster.leave());
  return cluster;
}

async function start() {
  const { log, lines } = keptLog();
  const host = await startRuneHost({
    ...{ role: 'test', stage: 'serve', facts: sampleFacts, log, inWorker: false, builtin: [roomHosts] },
    folders: [{ roles: { path: 'test', text: 'test: room-hosts' }, runes: [] }],
    settings: { 'room-hosts': { file } },
    room: room('lab-01', '10.77.0.1'),
    joinRoom: (options) => hub.join(options),
  });
  ends.push(() => host.stop());
  return lines;
}

const soon = <T>(check: () => T | Promise<T>) => expect.poll(check, { timeout: 3000, interval: 50 });
const hosts = () => readFile(file, 'utf8');

test('machines that come are in the file, those that go are not', async () => {
  await other('lab-07', '10.77.0.7');
  await start();
  await soon(hosts).toContain('10.77.0.7\tlab-07\n');
  const late = await other('lab-08', '10.77.0.8');
  await soon(hosts).toContain('10.77.0.7\tlab-07\n10.77.0.8\tlab-08\n');
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  await late.leave();
  await soon(hosts).not.toContain('lab-08');
  expect(await hosts()).toContain('127.0.0.1\tlocalhost\n');
});

test('two machines of one name are said once', async () => {
  const lines = await start();
  await other('lab-07', '10.77.0.7');
  await other('lab-07', '10.77.0.9');
  await soon(() => lines.filter((line) => line.includes('two machines of the room are called lab-07')).length).toBe(1);
});

test('without the file nothing is kept', async () => {
  await rm(file);
  const lines = await start();
  expect(lines.join()).toContain(`there is no ${file}`);
});
