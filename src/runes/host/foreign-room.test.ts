// Foreign runes of two machines in one room: everything that a built-in rune can do crosses to a rune of /etc/RUNES too.

import { afterEach, expect, test } from 'vitest';
import { MemoryHub } from '../../cluster/memory.ts';
import { keptLog, sampleFacts } from '../testing/room.ts';
import { type RunningRunes, startRuneHost } from './start.ts';

const INTERFACES = `
import { defineInterface, defineRune, z } from 'viver';
const bell = defineInterface({
  name: 'bell',
  version: 1,
  reach: 'room',
  calls: { ring: { request: z.strictObject({ times: z.int() }), reply: z.strictObject({ asked: z.string() }), repeatable: true } },
  events: { rang: z.strictObject({ times: z.int() }) },
});
`;

const TOWER = `${INTERFACES}
export default defineRune({
  name: 'tower', version: 1, stage: 'serve', offers: [bell], needs: [],
  start({ offer, emit, label }) {
    offer(bell, {
      ring({ times }, from) {
        emit(bell, 'rang', { times });
        return { asked: from.name };
      },
    });
    label(bell, { labels: { tone: 'deep' }, load: 0.25 });
  },
});`;

const RINGER = `${INTERFACES}
export default defineRune({
  name: 'ringer', version: 1, stage: 'serve', offers: [], needs: [], seeks: [bell],
  start({ find, members, on, onMember, log }) {
    on(bell, 'rang', ({ times }, from) => log.info('heard ' + times + ' of ' + from.name));
    onMember(({ kind, member }) => log.info(kind + ' ' + member.name));
    let isDone = false;
    const timer = setInterval(async () => {
      const found = await find(bell, { by: 'load', labels: { tone: 'deep' } });
      if (!found || isDone) return;
      isDone = true;
      clearInterval(timer);
      const { ask, ...offer } = found;
      log.info('found ' + offer.host + ' ' + offer.load + ' of ' + (await members()).length);
      log.info('asked as ' + (await ask.ring({ times: 3 })).asked);
      await ask.ring({ times: 'x'.repeat(10 * 1024 * 1024) }).catch((error) => log.info('refused: ' + error.message));
    }, 20);
    return { stop: () => clearInterval(timer) };
  },
});`;

const running: RunningRunes[] = [];
afterEach(() => Promise.all(running.splice(0).map(({ stop }) => stop())));

async function machine(hub: MemoryHub, name: string, rune: string, text: string) {
  const { log, lines } = keptLog();
  const host = await startRuneHost({
    role: 'test',
    stage: 'serve',
    facts: sampleFacts,
    log,
    inWorker: false,
    builtin: [],
    folders: [
      {
        roles: { path: 'test', text: `test: ${rune}` },
        runes: [{ path: `medium:/etc/RUNES/runes/${rune}.ts`, text }],
      },
    ],
    room: {
      key: new Uint8Array(32),
      name,
      address: `10.0.0.${running.length + 1}`,
      port: 1,
      seeds: ['10.0.0.1'],
      labels: {},
    },
    joinRoom: (options) => hub.join(options),
  });
  running.push(host);
  expect(host.report.faults).toEqual([]);
  return lines;
}

test('find, ask, events and members cross to runes of /etc/RUNES', async () => {
  const hub = new MemoryHub();
  const lines = await machine(hub, 'lab-01', 'ringer', RINGER);
  await machine(hub, 'lab-02', 'tower', TOWER);
  await expect.poll(() => lines.filter((line) => line.includes('refused')), { timeout: 20_000 }).toHaveLength(1);
  // Whether its offers came with the member or behind it is the host's choice.
  const own = lines.filter((line) => line.startsWith('info ringer: ') && !line.includes('changed lab-'));
  const said = new Set(own.map((line) => line.slice('info ringer: '.length)));
  expect([...said].toSorted()).toEqual(
    [
      'asked as lab-01',
      'found lab-02 0.25 of 2',
      'heard 3 of lab-02',
      'joined lab-02',
      'refused: ringer asks lab-02 for bell.ring: request: larger than 1048576 bytes',
    ].toSorted(),
  );
}, 30_000);
