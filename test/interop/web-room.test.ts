// The runes of contrib/runes/web-room with the real HAProxy, nginx, curl and membership: each machine is a process in a network namespace of its own.
// Needs root, haproxy, nginx, curl.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clientScript,
  formatTable,
  isAnswered,
  type PowerCut,
  parseRequests,
  tabulate,
  unexplainedFailures,
} from '../../lab/web/requests.ts';
import type { RoomMachine } from './room-machine-program.ts';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const FOLDER = new URL('../../contrib/runes/web-room/', import.meta.url).pathname;
const roles = {
  path: 'medium:/etc/RUNES/roles',
  text: readFileSync(join(FOLDER, 'roles'), 'utf8').replaceAll('@node', ''),
};
const runes = ['load-balancer', 'resource-monitor', 'web-server'].map((name) => ({
  path: `medium:/etc/RUNES/runes/${name}.ts`,
  text: readFileSync(join(FOLDER, 'runes', `${name}.ts`), 'utf8'),
}));
const BALANCER = '10.98.0.10';
const KEY = Buffer.alloc(32, 3).toString('base64url');
const PROGRAM = new URL('./room-machine-program.ts', import.meta.url).pathname;

interface Machine {
  readonly host: WireHost;
  readonly program: Program;
}

let folder: string;
let wire: Wire;
const machines = new Map<string, Machine>();
const loads = new Map<string, number>();
const events: { second: number; what: string }[] = [];
const cuts: PowerCut[] = [];
let ticking: NodeJS.Timeout;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-web-room-'));
  wire = createWire('vweb');
  ticking = setInterval(() => [...loads.keys()].forEach(work), 100);
});

afterAll(async () => {
  clearInterval(ticking);
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

const ticks = new Map<string, { busy: number; idle: number }>();
/** All namespaces share this machine's processors: what each machine's monitor reads is set by the test, in the kernel's own form. */
function work(name: string): void {
  const { busy, idle } = ticks.get(name) ?? { busy: 0, idle: 0 };
  const load = loads.get(name) ?? 0;
  ticks.set(name, { busy: busy + load * 100, idle: idle + (1 - load) * 100 });
  writeFileSync(join(folder, name, 'proc/stat'), `cpu  ${Math.round(busy)} 0 0 ${Math.round(idle)} 0 0 0 0 0 0\n`);
}

/** Switches a machine on: its namespace on the wire, and the runes of its role as on a stick. */
async function switchOn(name: string, role: string, address: string): Promise<Machine> {
  mkdirSync(join(folder, name, 'proc'), { recursive: true });
  writeFileSync(join(folder, name, 'proc/meminfo'), 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n');
  loads.set(name, 0);
  work(name);
  const host = wire.host(name, { address: `${address}/24` });
  const place = { root: '', enter: [], folder: join(folder, name) };
  const given: RoomMachine = {
    role,
    folders: [{ roles, runes }],
    settings: {
      'load-balancer': { ...place, silenceMs: 2000, checkMs: 500 },
      'web-server': { ...place, name, everyMs: 300, lingerMs: 500 },
      'resource-monitor': { proc: join(folder, name, 'proc'), everyMs: 200 },
    },
    room: { key: KEY, name, address, port: 6882, seeds: [BALANCER], labels: { role } },
  };
  writeFileSync(join(folder, name, 'machine.json'), JSON.stringify(given));
  const words = ['--disable-warning=ExperimentalWarning', PROGRAM, join(folder, name, 'machine.json')];
  const machine = { host, program: host.start(process.execPath, words) };
  machines.set(name, machine);
  const text = await machine.program.waitFor(/^ready$/m, 30_000);
  const report = JSON.parse(/^report (.*)$/m.exec(text)?.[1] ?? '{}');
  expect({ ...report, started: [] }, text).toEqual({ started: [], faults: [], setAside: [] });
  happened(`${name} on`);
  return machine;
}

async function switchOff(name: string): Promise<void> {
  happened(`${name} off`);
  const { host, program } = machines.get(name)!;
  program.signal('SIGUSR2');
  await program.waitFor(/^stopped$/m, 20_000);
  // Connections that nobody ends any more keep a namespace alive, and its card would answer for the address.
  unplug(host);
  machines.delete(name);
}

/** Nothing is said any more, on the wire and in the room. */
function pullPlug(name: string): void {
  const machine = machines.get(name)!;
  cuts.push({ machine: name, second: Math.floor(Date.now() / 1000) });
  unplug(machine.host);
  happened(`${name}'s plug pulled`);
}

function unplug({ namespace }: WireHost): void {
  execFileSync('ip', ['-n', namespace, 'link', 'set', 'eth0', 'down']);
}

function happened(what: string): void {
  events.push({ second: Math.floor(Date.now() / 1000), what });
}
const joined = (name: string) =>
  [...(machines.get(name)?.program.text() ?? '').matchAll(/web-server joined unit (\w+) of/g)].map(([, unit]) => unit);
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

test('web servers come, go and lose their power under requests that never stop', async () => {
  await switchOn('balancer', 'balancer', BALANCER);
  await switchOn('web-1', 'web', '10.98.0.11');
  await expect.poll(() => joined('web-1'), { timeout: 10_000 }).toEqual(['red']);
  await switchOn('web-2', 'web', '10.98.0.12');
  await expect.poll(() => joined('web-2'), { timeout: 10_000 }).toEqual(['blue']);
  loads.set('web-1', 0.3);
  loads.set('web-2', 0.8);

  const client = wire.host('client', { address: '10.98.0.100/24' });
  const logs = ['80', '8080'].map((port) => join(folder, `requests-${port}`));
  const clients = logs.map((log, index) => {
    const url = `http://${BALANCER}:${index === 0 ? 80 : 8080}/`;
    return client.start('bash', ['-c', clientScript(url, 20, log)]);
  });
  const requests = () => logs.map((log) => parseRequests(readFileSync(log, 'utf8')));
  const answering = (unit: number, last: number) =>
    [
      ...new Set(
        requests()
          [unit]!.slice(-last)
          .filter(isAnswered)
          .map(({ machine }) => machine),
      ),
    ].sort();
  await seconds(2);

  await switchOn('web-3', 'web', '10.98.0.13');
  await expect.poll(() => joined('web-3'), { timeout: 10_000 }).toEqual(['blue']);
  await expect.poll(() => answering(1, 20), { timeout: 5000 }).toEqual(['web-2', 'web-3']);
  expect(answering(0, 20)).toEqual(['web-1']);

  await switchOff('web-2');
  await seconds(1);
  expect(answering(1, 10)).toEqual(['web-3']);

  loads.set('web-1', 0.9);
  await seconds(1);
  await switchOn('web-4', 'web', '10.98.0.14');
  await expect.poll(() => joined('web-4'), { timeout: 10_000 }).toEqual(['red']);
  await seconds(2);
  pullPlug('web-1');
  await machines.get('balancer')!.program.waitFor(/web-1 \(10\.98\.0\.11\) is lost/, 25_000);
  await seconds(2);
  expect(answering(0, 10)).toEqual(['web-4']);

  await Promise.all(clients.map((program) => program.stop()));
  const table = tabulate(requests().flat(), 2);
  const text = formatTable(table, events);
  expect(unexplainedFailures(requests(), cuts), text).toEqual([]);
  expect(requests().flat().filter(isAnswered).length, text).toBeGreaterThan(200);
  console.log(text);
}, 120_000);

test('the load balancer says who came and went', () => {
  const said = machines
    .get('balancer')!
    .program.text()
    .matchAll(/^info load-balancer (web-.*)$/gm);
  expect([...said].map(([, line]) => line)).toEqual([
    'web-1 (10.98.0.11) joins unit red, which has 1 now',
    'web-2 (10.98.0.12) joins unit blue, which has 1 now',
    'web-3 (10.98.0.13) joins unit blue, which has 2 now',
    'web-2 (10.98.0.12) leaves: unit blue has 1',
    'web-4 (10.98.0.14) joins unit red, which has 2 now',
    'web-1 (10.98.0.11) is lost: unit red has 1',
  ]);
});

test('when the load balancer is back, web servers that come to it together share its units', async () => {
  await switchOff('balancer');
  await switchOn('web-5', 'web', '10.98.0.15');
  await seconds(1);
  expect(joined('web-5')).toEqual([]);
  await switchOn('balancer', 'balancer', BALANCER);
  const answer = (port: number) =>
    machines
      .get('web-5')!
      .host.run('curl', ['-sf', '--max-time', '2', `http://${BALANCER}:${port}/`])
      .stdout.trim();
  await expect
    .poll(() => [80, 8080].map(answer).every((name) => /^web-[345]$/.test(name)), { timeout: 60_000 })
    .toBe(true);
  expect(answer(80)).not.toBe(answer(8080));
}, 120_000);
