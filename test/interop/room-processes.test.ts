// Three machines as three processes, each in a network namespace of its own, with the runes in their thread and the real membership between them, as the
// initrd's program starts them. Needs root (network namespaces).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RoomMachine } from './room-machine-program.ts';
import { createWire, type Program, type Wire } from './wire.ts';

const program = new URL('./room-machine-program.ts', import.meta.url).pathname;
const key = Buffer.alloc(32, 9).toString('base64url');

const INTERFACE = `
import { defineInterface, defineRune, z } from 'viver';
const bell = defineInterface({
  name: 'bell', version: 1, reach: 'room',
  calls: { ring: { request: z.strictObject({ times: z.int() }), reply: z.strictObject({ by: z.string() }), repeatable: true } },
  events: { rang: z.strictObject({ times: z.int() }) },
});
`;
const TOWER = `${INTERFACE}
import { hostname } from 'node:os';
export default defineRune({
  name: 'tower', version: 1, stage: 'serve', offers: [bell], needs: [],
  start({ offer, emit, label }) {
    offer(bell, { ring: ({ times }, from) => { emit(bell, 'rang', { times }); return { by: 'for ' + from.name }; } });
    label(bell, { load: 0.5, labels: { tone: 'deep' } });
  },
});`;
const RINGER = `${INTERFACE}
export default defineRune({
  name: 'ringer', version: 1, stage: 'serve', offers: [], needs: [], seeks: [bell],
  start({ findAll, on, onMember, log, signal }) {
    on(bell, 'rang', ({ times }, from) => log.info('heard ' + times + ' from ' + from.name));
    onMember(({ kind, member }) => log.info('member ' + member.name + ' ' + kind));
    let times = 0;
    const timer = setInterval(async () => {
      for (const { host, ask, load } of await findAll(bell, { labels: { tone: 'deep' } })) {
        const reply = await ask.ring({ times: ++times }).catch((error) => ({ by: error.code }));
        log.info('asked ' + host + ' at ' + load + ': ' + reply.by);
      }
    }, 500);
    signal.addEventListener('abort', () => clearInterval(timer));
  },
});`;

let folder: string;
let wire: Wire;
const machines = new Map<string, Program>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-room-processes-'));
  wire = createWire('vroomp');
});
afterAll(async () => {
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

async function machine(name: string, address: string, rune: string): Promise<Program> {
  const host = wire.host(name, { address: `${address}/24` });
  const text = rune === 'tower' ? TOWER : RINGER;
  const runes = [{ path: `medium:/etc/RUNES/runes/${rune}.ts`, text }];
  const given: RoomMachine = {
    role: 'test',
    folders: [{ roles: { path: 'test', text: `test: ${rune}` }, runes }],
    room: { key, name, address, port: 6882, seeds: ['10.99.0.1'], labels: { role: rune } },
  };
  writeFileSync(join(folder, name), JSON.stringify(given));
  const words = ['--disable-warning=ExperimentalWarning', program, join(folder, name)];
  const running = host.start(process.execPath, words);
  machines.set(name, running);
  await running.waitFor(/^ready$/m, 30_000);
  return running;
}

test('runes of other machines are found, asked and heard; a farewell and a pulled plug are told', async () => {
  const one = await machine('lab-01', '10.99.0.1', 'ringer');
  const two = await machine('lab-02', '10.99.0.2', 'tower');
  const three = await machine('lab-03', '10.99.0.3', 'tower');
  for (const name of ['lab-02', 'lab-03']) {
    await one.waitFor(new RegExp(`ringer member ${name} joined`), 20_000);
    await one.waitFor(new RegExp(`ringer asked ${name} at 0\\.5: for lab-01`), 20_000);
    await one.waitFor(new RegExp(`ringer heard \\d+ from ${name}`), 20_000);
  }
  const members = /^members (.*)$/m;
  await one.waitFor(/^members lab-01 lab-02 lab-03$/m, 10_000);
  expect(one.text()).toMatch(members);
  two.signal('SIGUSR2');
  await two.waitFor(/^stopped$/m, 15_000);
  await one.waitFor(/ringer member lab-02 left/, 10_000);
  three.signal('SIGKILL');
  await one.waitFor(/ringer member lab-03 lost/, 30_000);
  await one.waitFor(/^members lab-01$/m, 10_000);
  one.signal('SIGUSR2');
  await one.waitFor(/^stopped$/m, 15_000);
}, 120_000);
