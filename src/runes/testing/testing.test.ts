import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';
import { defineRune } from '../contract/rune.ts';
import { lamp, lampRune } from './room.ts';
import { play, startRune, TestRoom } from './testing.ts';

const writer = defineRune({
  name: 'writer',
  version: 1,
  stage: 'configure',
  offers: [],
  needs: [],
  settings: z.object({ port: z._default(z.int(), 80) }),
  async start({ files, facts, settings, log }) {
    await files.writeText('/etc/port', `${facts.bootNic?.hostName} ${settings.port}\n`);
    log.info('written');
  },
});

const reader = defineRune({
  name: 'reader',
  version: 1,
  stage: 'serve',
  offers: [],
  needs: [lamp],
  async start({ ask, on, log }) {
    on(lamp, 'burnt', ({ hours }) => log.warn(`burnt after ${hours}`));
    const { watts } = await ask(lamp).turn({ on: true });
    log.info(`${watts} watts`);
  },
});

const meter = defineInterface({
  name: 'meter',
  version: 1,
  reach: 'room',
  calls: { read: { request: z.strictObject({}), reply: z.strictObject({ load: z.number() }) } },
  events: { hot: z.strictObject({ degrees: z.number() }) },
});

const watcher = defineRune({
  name: 'watcher',
  version: 1,
  stage: 'serve',
  offers: [lamp],
  needs: [],
  seeks: [meter],
  start({ findAll, offer, on, onMember, log }) {
    on(meter, 'hot', ({ degrees }, from) => log.warn(`${from.name}: ${degrees} degrees`));
    onMember(({ kind, member }) => log.info(`${member.name} ${kind}`));
    offer(lamp, {
      turn: async () => {
        const loads = await Promise.all((await findAll(meter)).map(({ ask }) => ask.read({})));
        return { watts: loads.reduce((sum, { load }) => sum + load, 0) };
      },
    });
  },
});

describe('a room', () => {
  test('of several machines, whose other ends are played, one of which loses its plug', async () => {
    const room = new TestRoom();
    const hot = play(meter, { read: () => ({ load: 7 }) });
    const west = await startRune(hot, { room, name: 'west' });
    const east = await startRune(play(meter, { read: () => ({ load: 5 }) }), { room, name: 'east' });
    const started = await startRune(watcher, { room, name: 'middle' });
    expect(await started.ask(lamp).turn({ on: true })).toEqual({ watts: 12 });
    hot.tell('hot', { degrees: 90 });
    await expect.poll(() => started.log).toContain('warn: west: 90 degrees');
    await west.pullPlug();
    await expect.poll(() => started.log).toContain('info: west lost');
    expect(await started.ask(lamp).turn({ on: true })).toEqual({ watts: 5 });
    await east.stop();
    await expect.poll(() => started.log).toContain('info: east left');
    await started.stop();
  });

  test('of one machine: nobody is found, and that is no fault', async () => {
    const started = await startRune(watcher);
    expect(await started.ask(lamp).turn({ on: true })).toEqual({ watts: 0 });
    await started.stop();
  });
});

describe('startRune', () => {
  test('gives files, facts and settings, and shows what comes of them', async () => {
    const bootNic = { name: 'eth0', mac: '52:54:00:00:00:01', dnsServers: [], addressSource: 'dhcp' as const };
    const started = await startRune(writer, {
      facts: { bootNic: { ...bootNic, hostName: 'lab-07' } },
      settings: { port: 8080 },
      files: { '/etc/port': 'old\n', '/etc/other': 'x' },
    });
    expect(await started.files.readText('/etc/port')).toBe('lab-07 8080\n');
    expect(await started.files.changes()).toMatchObject([{ path: '/etc/port', before: { text: 'old\n' } }]);
    expect(started.log).toEqual(['info: written']);
    await started.stop();
  });

  test('plays the other end, events too', async () => {
    const played = play(lamp, { turn: ({ on }) => ({ watts: on ? 7 : 0 }) });
    const started = await startRune(reader, { beside: [played] });
    played.tell('burnt', { hours: 9 });
    expect(started.log).toEqual(['info: 7 watts', 'warn: burnt after 9']);
    await started.stop();
  });

  test('asks what the rune offers; schemas are checked as on a machine', async () => {
    const started = await startRune(lampRune);
    expect(await started.ask(lamp).turn({ on: true })).toEqual({ watts: 40 });
    await expect(started.ask(lamp).turn({ on: 'yes' } as never)).rejects.toMatchObject({ code: 'RUNES_BAD_MESSAGE' });
    expect(started.told(lamp, 'burnt')).toEqual([]);
    await started.stop();
  });

  test.each([
    ['a need that nobody plays', {}, 'rune reader needs lamp v1: no rune of this role offers it'],
    ['a rune that throws', { beside: [play(lamp, { turn: () => Promise.reject(new Error('no fuse')) })] }, 'no fuse'],
  ])('%s is an error', async (_name, options, message) => {
    await expect(startRune(reader, options)).rejects.toThrow(message);
  });

  test('wrong settings are an error', async () => {
    await expect(startRune(writer, { settings: { port: 'many' } })).rejects.toThrow('settings of writer: port: ');
  });
});
