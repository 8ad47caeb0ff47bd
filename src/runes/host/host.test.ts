import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';
import { type AnyRune, defineRune } from '../contract/rune.ts';
import { keptLog, lamp, lampRune, sampleFacts } from '../testing/room.ts';
import { startRuneHost } from './start.ts';

const limits = { startMs: 100, stopMs: 50, callMs: 50, silenceMs: 1000 };

/** Runs `runes` in this thread, in the order given. */
async function room(runes: AnyRune[], extra: Partial<Parameters<typeof startRuneHost>[0]> = {}) {
  const { log, lines } = keptLog();
  const roles = { path: 'test', text: `test: ${runes.map(({ name }) => name).join(' ')}` };
  const host = await startRuneHost({
    role: 'test',
    stage: 'serve',
    facts: sampleFacts,
    log,
    inWorker: false,
    builtin: runes,
    folders: [{ roles, runes: [] }],
    limits,
    ...extra,
  });
  return { ...host, lines };
}

/** A rune that asks the lamp at its start and keeps what came. */
function asking(work: (turn: (request: { on: boolean }) => Promise<{ watts: number }>) => Promise<unknown>) {
  const seen: unknown[] = [];
  const rune = defineRune({
    name: 'asking',
    version: 1,
    stage: 'serve',
    offers: [],
    needs: [lamp],
    async start(ctx) {
      seen.push(await work(ctx.ask(lamp).turn).catch((error: Error) => error.message));
    },
  });
  return { rune, seen };
}

/** A rune that offers the lamp with a handler of the test's. */
function lampWith(turn: (request: { on: boolean }) => unknown) {
  return defineRune({
    name: 'lamp-rune',
    version: 1,
    stage: 'serve',
    offers: [lamp],
    needs: [],
    start(ctx) {
      ctx.offer(lamp, { turn: turn as () => { watts: number } });
    },
  });
}

describe('calls', () => {
  test('reach whoever offers, which starts first', async () => {
    const { rune, seen } = asking((turn) => turn({ on: true }));
    const { report } = await room([rune, lampRune]);
    expect(report.started.map((started) => started.rune)).toEqual(['lamp-rune', 'asking']);
    expect(seen).toEqual([{ watts: 40 }]);
  });

  test.each([
    [
      'a wrong request',
      (turn: never) => (turn as (request: unknown) => Promise<unknown>)({ on: 'yes' }),
      lampRune,
      'asking asks lamp.turn: request: on: ',
    ],
    ['a wrong reply', undefined, lampWith(() => ({ watts: 'many' })), 'lamp-rune answers lamp.turn: reply: watts: '],
    ['a handler that throws', undefined, lampWith(() => Promise.reject(new Error('burnt out'))), 'burnt out'],
    [
      'a handler that hangs',
      undefined,
      lampWith(() => new Promise(() => {})),
      'asking asks lamp.turn: no answer within 50 ms',
    ],
  ])('%s is an error of the call, and nobody falls', async (_name, work, provider, message) => {
    const { rune, seen } = asking((work ?? ((turn: (request: unknown) => unknown) => turn({ on: true }))) as never);
    const { report, status } = await room([provider, rune]);
    expect(seen[0]).toContain(message);
    expect(report.setAside).toEqual([]);
    expect((await status()).map(({ state }) => state)).toEqual(['running', 'running']);
  });

  test('only declared interfaces can be asked and offered', async () => {
    const sneaky = defineRune({
      name: 'sneaky',
      version: 1,
      stage: 'serve',
      offers: [],
      needs: [],
      start: (ctx) => void ctx.ask(lamp as never),
    });
    const { report } = await room([lampRune, sneaky]);
    expect(report.setAside).toEqual([{ rune: 'sneaky', reason: 'rune sneaky has no lamp among its needs' }]);
  });

  test("the host's own services are asked like runes", async () => {
    const clock = defineInterface({
      name: 'clock',
      version: 1,
      calls: { now: { request: z.strictObject({}), reply: z.strictObject({ seconds: z.number() }) } },
    });
    const seen: unknown[] = [];
    const rune = defineRune({
      name: 'watch',
      version: 1,
      stage: 'serve',
      offers: [],
      needs: [clock],
      start: async (ctx) => void seen.push(await ctx.ask(clock).now({})),
    });
    await room([rune], { services: { clock: { now: () => ({ seconds: 7 }) } } });
    expect(seen).toEqual([{ seconds: 7 }]);
  });

  test('events come to who listens', async () => {
    const heard: number[] = [];
    const listener = defineRune({
      name: 'listener',
      version: 1,
      stage: 'serve',
      offers: [],
      needs: [lamp],
      async start(ctx) {
        ctx.on(lamp, 'burnt', ({ hours }) => heard.push(hours));
        await ctx.ask(lamp).turn({ on: true });
      },
    });
    const burning = defineRune({
      name: 'burning',
      version: 1,
      stage: 'serve',
      offers: [lamp],
      needs: [],
      start(ctx) {
        ctx.offer(lamp, {
          turn: () => {
            setTimeout(() => ctx.emit(lamp, 'burnt', { hours: 900 }), 1);
            return { watts: 1 };
          },
        });
      },
    });
    await room([listener, burning]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toEqual([900]);
  });
});

describe('starting and stopping', () => {
  const plain = (name: string, start: AnyRune['start'], more: Partial<AnyRune> = {}) =>
    defineRune({ name, version: 1, stage: 'serve', offers: [], needs: [], ...more, start } as AnyRune);

  test('who throws or hangs at its start is set aside, with all who need it', async () => {
    const broken = defineRune({
      name: 'broken',
      version: 1,
      stage: 'serve',
      offers: [lamp],
      needs: [],
      start: () => Promise.reject(new Error('no fuse')),
    });
    const { rune } = asking((turn) => turn({ on: true }));
    const { report, lines } = await room([
      broken,
      rune,
      plain('slow', () => new Promise(() => {})),
      plain('good', () => {}),
    ]);
    expect(report.started.map((started) => started.rune)).toEqual(['good']);
    expect(report.setAside).toEqual([
      { rune: 'broken', reason: 'no fuse' },
      { rune: 'asking', reason: 'needs lamp: rune broken is set aside: no fuse' },
      { rune: 'slow', reason: 'start of rune slow: no answer within 100 ms' },
    ]);
    expect(lines).toContain('error : rune broken is set aside: no fuse');
  });

  test('a rune that offers nothing of what it promised is set aside', async () => {
    const { report } = await room([plain('silent', () => {}, { offers: [lamp] })]);
    expect(report.setAside[0]?.reason).toBe('rune silent ended its start without offering lamp');
  });

  test('settings are checked; wrong ones set the rune aside', async () => {
    const seen: unknown[] = [];
    const rune = plain('set', ({ settings }) => void seen.push(settings), {
      settings: z.object({ port: z._default(z.int(), 80) }),
    });
    await room([rune]);
    await room([rune], { settings: { set: { port: 8080 } } });
    const { report } = await room([rune], { settings: { set: { port: 'many' } } });
    expect(seen).toEqual([{ port: 80 }, { port: 8080 }]);
    expect(report.setAside[0]?.reason).toContain('settings of set: port: ');
    const settings = { path: 'medium:/RUNES/settings', text: '# ours\nset port=many\n' };
    const folders = [{ roles: { path: 'test', text: 'test: set' }, settings, runes: [] }];
    const { lines } = await room([rune], { folders });
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error : rune set is set aside: settings of set: port: .*; it is set in medium:\/RUNES\/settings:2$/,
      ),
    );
  });

  test('stops in reverse, each within its deadline', async () => {
    const order: string[] = [];
    const stopping = (name: string, stop: () => unknown, after: string[] = []) =>
      plain(
        name,
        () => ({
          stop() {
            order.push(name);
            return stop() as undefined;
          },
        }),
        { after },
      );
    const { stop, lines } = await room([
      stopping('one', () => undefined),
      stopping('two', () => new Promise(() => {}), ['one']),
      stopping('three', () => Promise.reject(new Error('stuck')), ['two']),
    ]);
    await stop();
    expect(order).toEqual(['three', 'two', 'one']);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn : rune three did not stop cleanly: stuck',
      'warn : rune two did not stop cleanly: stop of rune two: no answer within 50 ms',
    ]);
  });

  test('runes of the other stage stay where they are', async () => {
    const { report } = await room([plain('early', () => {}, { stage: 'configure' }), plain('late', () => {})]);
    expect(report.started.map((started) => started.rune)).toEqual(['late']);
  });

  test('a role that names no rune, and faults of the table, are lines of the report', async () => {
    const { log } = keptLog();
    const { report } = await startRuneHost({
      role: 'test',
      stage: 'serve',
      facts: sampleFacts,
      log,
      inWorker: false,
      builtin: [],
      folders: [{ roles: { path: 'medium:/etc/RUNES/roles', text: 'test: ghost\nBAD\n' }, runes: [] }],
    });
    expect(report.faults).toEqual([
      "medium:/etc/RUNES/roles:2: no ':' behind the role's name: 'BAD'",
      'rune ghost: no built-in rune and no file of that name',
    ]);
  });
});
