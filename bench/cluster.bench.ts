// Engines for a room's membership, side by side: Moleculer with its own TCP transporter, js-libp2p with a pre-shared key, and what src/cluster makes of Moleculer.
// A crowd in three processes and one member on a cable of its own. docs/decisions/0023-cluster-engine.md says what the figures decided.
//
//   bench/cluster.bench.ts [ENGINE SIZE]..      writes bench/results/cluster.json, room by room; without words all that the decision rests on

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Opened } from './cluster/crowd-process.ts';
import { SCRATCH } from './cluster/engine.ts';
import { removeNetwork } from './cluster/namespaces.ts';
import { Room } from './cluster/room.ts';

const RESULT = join(import.meta.dirname, 'results/cluster.json');
const PACKAGES = [
  'moleculer@0.14.36',
  'libp2p@3.3.11',
  '@libp2p/tcp@11.0.28',
  '@libp2p/pnet@3.0.27',
  '@chainsafe/libp2p-noise@17.0.0',
  '@chainsafe/libp2p-yamux@8.0.1',
  '@libp2p/identify@4.1.14',
  '@libp2p/ping@3.1.13',
  '@multiformats/multiaddr@13.0.3',
];
const ROOMS = ['viver 5', 'moleculer 5', 'libp2p 5', 'viver 200', 'moleculer 200', 'libp2p 100'];
const FORM_MS = 180_000;
const CALLS_MS = 2000;
/** Rooms up to that have calls measured in them. */
const SMALL = 5;
const CALLS = [
  [100, 1],
  [100, 64],
  [10_240, 1],
  [10_240, 64],
] as const;

/** Seconds (60 and more: not within the limit), bytes a second, percent of a processor, MiB, calls a second. */
type Figures = Record<string, number | string>;

installPackages();
const wanted = process.argv.length > 2 ? pairs(process.argv.slice(2)) : ROOMS;
for (const words of wanted) {
  const [engine, size] = words.split(' ') as [string, string];
  const figures: Figures = {};
  const room = new Room(engine, Number(size));
  try {
    await measure(room, Number(size), figures);
  } catch (error) {
    figures.trouble = String(error);
  } finally {
    if (room.troubles.length > 0) figures.trouble = room.troubles[0]!.split('\n')[0]!;
    await room.close();
    removeNetwork();
  }
  console.log(words, figures);
  keep(words, figures);
}

async function measure(room: Room, size: number, figures: Figures): Promise<void> {
  figures.formed = await room.form(FORM_MS);
  const { opened, seconds } = await room.join();
  Object.assign(figures, startOf(opened), { joined: seconds });
  await sleep(5000);
  const { bytesPerSecond, cpuPercent, rss } = await room.quiet(15_000);
  Object.assign(figures, {
    bytesPerSecond: Math.round(bytesPerSecond),
    cpuPercent: round(cpuPercent),
    rssMiB: mib(rss),
  });
  if (size <= SMALL) {
    for (const [bytes, inFlight] of CALLS) {
      const order = { kind: 'calls', to: room.firstName, bytes, inFlight, ms: CALLS_MS } as const;
      figures[`calls ${bytes} x${inFlight}`] = Math.round(await room.single!.ask<number>('rate', order));
    }
  }
  const { noticed, healed } = await room.pullCable();
  Object.assign(figures, { unplugged: noticed, healed });
  if (size <= SMALL) {
    const order = { kind: 'large', to: room.firstName, bytes: 10_000_000 } as const;
    figures['10 MB'] = await Promise.race([room.single!.ask<string>('large', order), sleep(10_000, 'no answer')]);
  }
  figures.killed = await room.kill();
}

function startOf({ loadMs, openMs, rssBefore, rss }: Opened): Figures {
  return { loadMs: Math.round(loadMs), openMs: Math.round(openMs), startedMiB: mib(rss - rssBefore) };
}

function installPackages(): void {
  if (existsSync(join(SCRATCH, 'load.mjs'))) return;
  mkdirSync(SCRATCH, { recursive: true });
  writeFileSync(join(SCRATCH, 'package.json'), '{"private":true}\n');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...PACKAGES], {
    cwd: SCRATCH,
    stdio: 'inherit',
  });
  writeFileSync(join(SCRATCH, 'load.mjs'), 'export const load = (specifier) => import(specifier);\n');
}

/** Adds a room's figures to those of the file. */
function keep(words: string, figures: Figures): void {
  const before = existsSync(RESULT) ? JSON.parse(readFileSync(RESULT, 'utf8')) : { rooms: {} };
  const machine = `${cpus().length} x ${cpus()[0]!.model}, Node ${process.versions.node}, 1 run`;
  const rooms = { ...before.rooms, [words]: figures };
  writeFileSync(RESULT, `${JSON.stringify({ machine, date: new Date().toISOString(), rooms }, null, 2)}\n`);
}

function pairs(words: readonly string[]): string[] {
  return words.flatMap((word, at) => (at % 2 === 0 ? `${word} ${words[at + 1]}` : []));
}

function mib(bytes: number): number {
  return round(bytes / 2 ** 20);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
