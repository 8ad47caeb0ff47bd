// The members of a room as processes on machines of their own: a plug pulled, a process killed, a room cut in two and healed, and whoever has no key or
// means no good. Needs root, iproute2, nftables and tcpdump.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createWire, type Program, type Wire, type WireHost } from './wire.ts';

const MEMBER = 'test/programs/room-member.ts';
const OFFENDER = 'test/programs/room-offender.ts';
const NAMES = ['lab-01', 'lab-02', 'lab-03', 'lab-04', 'lab-05'];
const ALL = NAMES.join(' ');
const addressOf = (at: number) => `10.88.0.${at + 1}`;

const folder = mkdtempSync(join(tmpdir(), 'viver-room-'));
let wire: Wire;
let bridge: WireHost;
let members: { host: WireHost; program: Program }[];

beforeEach(async () => {
  wire = createWire('vroom');
  bridge = wire.tap('spare');
  members = NAMES.map((name, at) => {
    const host = wire.host(`m${at + 1}`, { address: `${addressOf(at)}/24` });
    return { host, program: start(host, name, at) };
  });
  await allSee(
    ALL,
    members.map(({ program }) => program),
  );
});
afterEach(() => wire.close());
afterAll(() => rmSync(folder, { recursive: true }));

const node = (host: WireHost, ...words: string[]) =>
  host.start(process.execPath, ['--disable-warning=ExperimentalWarning', ...words]);
const start = (host: WireHost, name: string, at: number, key = '7') =>
  node(host, MEMBER, name, addressOf(at), key, addressOf(0));

/** The last line of that kind. */
function last(program: Program, word: string): string {
  const lines = program
    .text()
    .split('\n')
    .filter((line) => line.startsWith(`${word} `));
  return lines.at(-1)?.slice(word.length + 1) ?? '';
}

const allSee = (names: string, programs: readonly Program[], timeout = 30_000) =>
  expect
    .poll(() => programs.map((program) => last(program, 'sees')), { timeout, interval: 100 })
    .toEqual(programs.map(() => names));

/** Each is answered by each other. */
const allAnswer = (programs: readonly Program[], names = NAMES) =>
  expect
    .poll(() => programs.map((program) => last(program, 'answers').split(' ').length), { timeout: 30_000 })
    .toEqual(programs.map(() => names.length - 1));

const seconds = (since: number) => (Date.now() - since) / 1000;

test('killed, unplugged and cut off: noticed within 10 s, healed by itself', async () => {
  const programs = members.map(({ program }) => program);
  const rest = programs.slice(0, 4);
  await allAnswer(programs);

  const killedAt = Date.now();
  programs[4]!.signal('SIGKILL');
  await allSee('lab-01 lab-02 lab-03 lab-04', rest);
  const killed = seconds(killedAt);
  members[4]!.program = start(members[4]!.host, 'lab-05', 4);
  const five = [...rest, members[4]!.program];
  await allSee(ALL, five);
  expect(rest[0]!.text().match(/^joined lab-05/gm)).toHaveLength(2);

  bridge.run('nft', ['add', 'table', 'bridge', 'cut']);
  bridge.run('nft', ['add', 'chain', 'bridge', 'cut', 'f', '{ type filter hook forward priority 0; }']);
  const half = `{ ${addressOf(0)}, ${addressOf(1)} }`;
  const other = `{ ${addressOf(2)}, ${addressOf(3)}, ${addressOf(4)} }`;
  const cutAt = Date.now();
  for (const [from, to] of [
    [half, other],
    [other, half],
  ] as const) {
    const rule = ['ip', 'saddr', from, 'ip', 'daddr', to, 'drop'];
    expect(bridge.run('nft', ['add', 'rule', 'bridge', 'cut', 'f', ...rule]).status).toBe(0);
  }
  await Promise.all([allSee('lab-01 lab-02', five.slice(0, 2)), allSee('lab-03 lab-04 lab-05', five.slice(2))]);
  const cut = seconds(cutAt);
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  const healedAt = Date.now();
  bridge.run('nft', ['delete', 'table', 'bridge', 'cut']);
  await allSee(ALL, five, 60_000);
  const healed = seconds(healedAt);
  await allAnswer(five);
  for (const program of five) expectFinal(program);

  const leftAt = Date.now();
  five[1]!.signal('SIGTERM');
  await allSee('lab-01 lab-03 lab-04 lab-05', [five[0]!, ...five.slice(2)]);
  const left = seconds(leftAt);
  expect(five[0]!.text()).toMatch(/^left lab-02/m);
  console.log(`noticed: killed ${killed} s, cut ${cut} s, farewell ${left} s; healed ${healed} s`);
  expect(killed).toBeLessThan(10);
  expect(cut).toBeLessThan(10);
  expect(left).toBeLessThan(2);
}, 180_000);

test('without the key nobody joins, calls or reads along; noise and a member that lies change nothing', async () => {
  const programs = members.map(({ program }) => program);
  const file = join(folder, 'room.pcap');
  const capture = bridge.start('tcpdump', ['-Z', 'root', '-i', 'br0', '-w', file, '-U', 'tcp']);
  await capture.waitFor(/listening on/, 10_000);
  const guest = wire.host('guest', { address: '10.88.0.66/24' });
  const stranger = node(guest, MEMBER, 'stranger', '10.88.0.66', '8', addressOf(0));
  const noise = node(guest, OFFENDER, '10.88.0.66', 'none', addressOf(0));
  await stranger.waitFor(/^up /m, 20_000);
  await noise.waitFor(/done/, 30_000);
  await capture.stop();
  expect(last(stranger, 'sees')).toBe('');

  const liar = wire.host('liar', { address: '10.88.0.67/24' });
  const victim = last(programs[1]!, 'up');
  await node(liar, OFFENDER, '10.88.0.67', '7', addressOf(0), victim).waitFor(/done/, 60_000);
  await allAnswer(programs);
  await allSee(ALL, programs);
  for (const program of programs) {
    expect(program.text()).not.toMatch(/stranger|^lost lab|^left lab/m);
    expectFinal(program);
  }
  const bytes = bridge.run('grep', ['-c', '-a', '-E', 'reads-along|lab-0', file]);
  expect(bytes.stdout.trim()).toBe('0');
  expect(statSync(file).size).toBeGreaterThan(10_000);
}, 180_000);

/** What joined once and ended never comes back under the same id. */
function expectFinal(program: Program): void {
  const ended = new Set<string>();
  for (const [, kind, id] of program.text().matchAll(/^(joined|left|lost) \S+ (\S+)$/gm)) {
    expect(ended.has(id!), id).toBe(false);
    if (kind !== 'joined') ended.add(id!);
  }
}
