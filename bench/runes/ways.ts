// One run of one way to call, in a process of its own: `ways.ts WAY MILLISECONDS AT_ONCE` prints calls in a second. Moleculer's nodes talk over its TCP
// transporter on the loopback interface, without its search for others.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { joinCluster } from '../../src/cluster/connect.ts';
import { silentLog } from '../../src/log.ts';
import type { AnyRune } from '../../src/runes/contract/rune.ts';
import { type RunningRunes, type Services, startRuneHost } from '../../src/runes/host/start.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';
import {
  callerFile,
  callerRune,
  callsPerSecond,
  echoRune,
  MESSAGE,
  roomCallerRune,
  roomEchoRune,
  WARM_UP_MS,
} from './echo.ts';
import { createNode } from './moleculer.ts';

const PORTS = [46_881, 46_882] as const;
const ROOM_PORT = 46_880;
const FOREIGN = 'bench:/RUNES/runes/caller.js';

async function viver(milliseconds: number, atOnce: number, foreign: boolean): Promise<number> {
  let figure = Number.NaN;
  const file = { path: FOREIGN, text: callerFile(milliseconds, atOnce) };
  const host = await startRuneHost({
    role: 'bench',
    stage: 'serve',
    facts: sampleFacts,
    log: silentLog,
    inWorker: false,
    builtin: [echoRune, ...(foreign ? [] : [callerRune(milliseconds, atOnce)])],
    folders: [{ roles: { path: 'bench:roles', text: 'bench: echo caller' }, runes: foreign ? [file] : [] }],
    services: {
      figures: {
        report: ({ perSecond }: { perSecond: number }) => {
          figure = perSecond;
          return {};
        },
      },
    },
  });
  const problems = [...host.report.faults, ...host.report.setAside.map(({ reason }) => reason)];
  await host.stop();
  if (problems.length > 0) throw new Error(problems.join('; '));
  return figure;
}

/** Two machines of a room, each with an address of its own on the loopback interface. */
async function viverRoom(milliseconds: number, atOnce: number): Promise<number> {
  const other = fork(import.meta.filename, ['room-answer'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(other, 'message');
  const { promise, resolve } = Promise.withResolvers<number>();
  const report = ({ perSecond }: { perSecond: number }) => {
    resolve(perSecond);
    return {};
  };
  const host = await joinedHost(1, [roomCallerRune(milliseconds, atOnce)], { figures: { report } });
  const figure = await promise;
  await host.stop();
  other.kill();
  return figure;
}

async function roomAnswer(): Promise<void> {
  await joinedHost(2, [roomEchoRune]);
  process.send?.('ready');
}

async function joinedHost(number: number, builtin: readonly AnyRune[], services: Services = {}): Promise<RunningRunes> {
  const names = builtin.map(({ name }) => name).join(' ');
  const host = await startRuneHost({
    role: 'bench',
    stage: 'serve',
    facts: sampleFacts,
    log: silentLog,
    inWorker: false,
    builtin,
    services,
    folders: [{ roles: { path: 'bench:roles', text: `bench: ${names}` }, runes: [] }],
    room: {
      key: new Uint8Array(32).fill(7),
      name: `pc-${number}`,
      address: `127.0.0.${number}`,
      port: ROOM_PORT,
      seeds: ['127.0.0.1', '127.0.0.2'],
      labels: {},
    },
    joinRoom: joinCluster,
  });
  const problems = [...host.report.faults, ...host.report.setAside.map(({ reason }) => reason)];
  if (problems.length > 0) throw new Error(problems.join('; '));
  return host;
}

async function moleculerLocal(milliseconds: number, atOnce: number): Promise<number> {
  const node = createNode('one');
  node.createService(echoService);
  await node.start();
  const figure = await measured(() => node.call('echo.say', MESSAGE), milliseconds, atOnce);
  await node.stop();
  return figure;
}

async function moleculerRemote(milliseconds: number, atOnce: number): Promise<number> {
  const other = fork(import.meta.filename, ['moleculer-answer'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(other, 'message');
  const node = createNode('one', PORTS[0], PORTS);
  await node.start();
  await node.waitForServices('echo', 20_000);
  const figure = await measured(() => node.call('echo.say', MESSAGE), milliseconds, atOnce);
  await node.stop();
  other.kill();
  return figure;
}

async function moleculerAnswer(): Promise<void> {
  const node = createNode('two', PORTS[1], PORTS);
  node.createService(echoService);
  await node.start();
  process.send?.('ready');
}

async function measured(call: () => Promise<unknown>, milliseconds: number, atOnce: number): Promise<number> {
  await callsPerSecond(call, WARM_UP_MS, atOnce);
  return callsPerSecond(call, milliseconds, atOnce);
}

const echoService = {
  name: 'echo',
  actions: {
    say: { params: { text: 'string', number: 'number' }, handler: ({ params }: { params: unknown }) => params },
  },
};

const WAYS: Readonly<Record<string, (milliseconds: number, atOnce: number) => Promise<number>>> = {
  'built-in': (milliseconds, atOnce) => viver(milliseconds, atOnce, false),
  foreign: (milliseconds, atOnce) => viver(milliseconds, atOnce, true),
  room: viverRoom,
  'moleculer-local': moleculerLocal,
  'moleculer-remote': moleculerRemote,
};

const [way = '', milliseconds, atOnce] = process.argv.slice(2);
if (way === 'moleculer-answer') await moleculerAnswer();
else if (way === 'room-answer') await roomAnswer();
else {
  console.log(await WAYS[way]!(Number(milliseconds), Number(atOnce)));
  process.exit(0);
}
