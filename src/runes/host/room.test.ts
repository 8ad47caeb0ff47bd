// Runes of several machines in one room, over the hub in memory: each machine is a whole host, in this thread.

import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod/mini';
import type { Cluster, JoinOptions, Member, RemoteCall } from '../../cluster/cluster.ts';
import { MemoryHub } from '../../cluster/memory.ts';
import { defineInterface } from '../contract/interface.ts';
import type { Found } from '../contract/room.ts';
import { type AnyRune, defineRune, type RuneContext } from '../contract/rune.ts';
import { keptLog, lamp, sampleFacts } from '../testing/room.ts';
import { type RunningRunes, startRuneHost } from './start.ts';

const lantern = defineInterface({
  name: 'lantern',
  version: 1,
  reach: 'room',
  calls: {
    turn: { request: z.strictObject({ on: z.boolean() }), reply: z.strictObject({ by: z.string() }) },
    ask: { request: z.strictObject({}), reply: z.strictObject({ by: z.string() }), repeatable: true },
    echo: { request: z.strictObject({ text: z.string() }), reply: z.strictObject({ text: z.string() }) },
  },
  events: { burnt: z.strictObject({ hours: z.number() }) },
});

const limits = { startMs: 5000, stopMs: 1000, callMs: 400, silenceMs: 5000 };
type Handlers = Partial<Record<'turn' | 'ask' | 'echo', (request: never, from?: Member) => unknown>>;

let hub: MemoryHub;
let machines: (RunningRunes & { cluster?: Cluster | undefined; lines: string[] })[];
beforeEach(() => {
  hub = new MemoryHub();
  machines = [];
});
afterEach(() => Promise.all(machines.map(({ stop }) => stop())));

/** A machine that runs these runes and is a member of the room. */
async function machine(name: string, ...runes: AnyRune[]) {
  const { log, lines } = keptLog();
  let cluster: Cluster | undefined;
  const room = {
    key: new Uint8Array(32),
    name,
    address: `10.0.0.${machines.length + 1}`,
    port: 6882,
    seeds: ['10.0.0.1'],
    labels: { role: 'test' },
  };
  const running = await startRuneHost({
    role: 'test',
    stage: 'serve',
    facts: sampleFacts,
    log,
    inWorker: false,
    builtin: runes,
    folders: [{ roles: { path: 'test', text: `test: ${runes.map((rune) => rune.name).join(' ')}` }, runes: [] }],
    limits,
    room,
    joinRoom: async (options) => {
      cluster = await hub.join(options);
      return cluster;
    },
  });
  const result = { ...running, cluster, lines };
  machines.push(result);
  return result;
}

function lanternRune(
  by: string,
  handlers: Handlers = {},
  started: (ctx: RuneContext<typeof lantern>) => void = () => {},
) {
  return defineRune({
    name: 'lantern-rune',
    version: 1,
    stage: 'serve',
    offers: [lantern],
    needs: [],
    async start(ctx) {
      const answer = () => ({ by });
      ctx.offer(lantern, { turn: answer, ask: answer, echo: (request: unknown) => request, ...handlers } as never);
      await started(ctx as never);
    },
  });
}

/** A rune that looks for lanterns; its context is the test's to use. */
function seeker() {
  let context: RuneContext<never, never, unknown, typeof lantern> | undefined;
  const rune = defineRune({
    name: 'seeker',
    version: 1,
    stage: 'serve',
    offers: [],
    needs: [],
    seeks: [lantern],
    start(ctx) {
      context = ctx as never;
    },
  });
  return { rune, ctx: () => context! };
}

/** Waits until `count` lanterns are found. */
async function found(ctx: RuneContext<never, never, unknown, typeof lantern>, count: number) {
  await expect.poll(async () => (await ctx.findAll(lantern)).length).toBe(count);
  return ctx.findAll(lantern);
}
const clusterOf = (index: number) => machines[index]?.cluster as Cluster;

describe('across the room', () => {
  test('a rune finds another machine and asks it; the one asked knows who asks', async () => {
    const { rune, ctx } = seeker();
    const callers: unknown[] = [];
    const turn = (_: never, from?: Member) => {
      callers.push(from?.name);
      return { by: 'one' };
    };
    await machine('lab-01', lanternRune('one', { turn }));
    await machine('lab-02', rune);
    const [offer] = await found(ctx(), 1);
    expectTypeOf(offer!).toEqualTypeOf<Found<typeof lantern>>();
    expect(offer).toMatchObject({ host: 'lab-01', address: '10.0.0.1', labels: { role: 'test' } });
    expect(await offer!.ask.turn({ on: true })).toEqual({ by: 'one' });
    expect(callers).toEqual(['lab-02']);
    expect(await ctx().find(lantern, { host: 'lab-02' })).toBeUndefined();
  });

  test('the own machine counts too, also without a room', async () => {
    const { rune, ctx } = seeker();
    const { log } = keptLog();
    const runes = [rune, lanternRune('self')];
    const roles = { path: 'test', text: 'test: seeker lantern-rune' };
    const running = await startRuneHost({
      role: 'test',
      stage: 'serve',
      facts: sampleFacts,
      log,
      inWorker: false,
      builtin: runes,
      folders: [{ roles, runes: [] }],
      limits,
    });
    expect(await (await ctx().find(lantern))?.ask.turn({ on: true })).toEqual({ by: 'self' });
    expect((await ctx().members()).length).toBe(1);
    await running.stop();
  });

  test('what is local is not found, nor answered to other machines', async () => {
    const local = defineRune({
      name: 'local',
      version: 1,
      stage: 'serve',
      offers: [lamp],
      needs: [],
      start: (ctx) => ctx.offer(lamp, { turn: () => ({ watts: 1 }) }),
    });
    const { rune, ctx } = seeker();
    await machine('lab-01', local);
    await machine('lab-02', rune, lanternRune('two'));
    await expect.poll(async () => (await ctx().members()).length).toBe(2);
    await found(ctx(), 1);
    const call: RemoteCall = { interfaceName: 'lamp', version: 1, method: 'turn', request: { on: true } };
    const stranger = clusterOf(1).call(clusterOf(0).self.id, call, 500);
    await expect(stranger).rejects.toMatchObject({ code: 'RUNES_NOT_RUNNING' });
  });

  test('by load and by label, as they are said now', async () => {
    const contexts: RuneContext<typeof lantern>[] = [];
    const { rune, ctx } = seeker();
    for (const by of ['one', 'two'])
      await machine(
        by,
        lanternRune(by, {}, (own) => contexts.push(own)),
      );
    await machine('three', rune);
    await found(ctx(), 2);
    const best = async () => (await ctx().find(lantern, { by: 'load' }))?.host;
    contexts[0]!.label(lantern, { load: 0.9, labels: { colour: 'red' } });
    contexts[1]!.label(lantern, { load: 0.1 });
    await expect.poll(best).toBe('two');
    contexts[0]!.label(lantern, { load: 0 });
    await expect.poll(best).toBe('one');
    expect((await ctx().find(lantern, { labels: { colour: 'red' } }))?.host).toBe('one');
    expect(() => contexts[0]!.label(lantern, { load: -1 })).toThrow(/load -1 is none/);
    expect(() => contexts[0]!.label(lantern, { labels: { a: 'x'.repeat(1000) } })).toThrow(/no text of at most/);
  });

  test('events come from all machines, with who told them', async () => {
    const tell: ((hours: number) => void)[] = [];
    const { rune, ctx } = seeker();
    const telling = (by: string) =>
      lanternRune(by, {}, (own) => tell.push((hours) => own.emit(lantern, 'burnt', { hours })));
    await machine('lab-01', telling('one'));
    await machine('lab-02', telling('two'), rune);
    const heard: unknown[] = [];
    ctx().on(lantern, 'burnt', ({ hours }, from) => heard.push(`${from.name} ${hours}`));
    await found(ctx(), 2);
    tell[0]!(1);
    tell[1]!(2);
    await expect.poll(() => heard.toSorted()).toEqual(['lab-01 1', 'lab-02 2']);
  });

  test('machines that come and go are told, and members() has them', async () => {
    const { rune, ctx } = seeker();
    await machine('lab-01', rune);
    const changes: string[] = [];
    ctx().onMember(({ kind, member }) => changes.push(`${kind} ${member.name}`));
    const second = await machine('lab-02');
    await machine('lab-03');
    await expect.poll(() => changes.toSorted()).toEqual(['joined lab-02', 'joined lab-03']);
    expect((await ctx().members()).map(({ name }) => name).sort()).toEqual(['lab-01', 'lab-02', 'lab-03']);
    await second.stop();
    hub.lose(clusterOf(2));
    await expect.poll(() => changes.slice(2).toSorted()).toEqual(['left lab-02', 'lost lab-03']);
  });
});

describe('a call that may be asked again', () => {
  /** A seeker and two lanterns, of which the first does not answer. */
  async function halfBroken(handlers: Handlers) {
    const { rune, ctx } = seeker();
    await machine('lab-01', lanternRune('broken', handlers));
    await machine('lab-02', lanternRune('good'));
    await machine('lab-03', rune);
    await found(ctx(), 2);
    return { ctx, broken: async () => (await ctx().findAll(lantern)).find(({ host }) => host === 'lab-01')! };
  }
  const hangs = () => new Promise(() => {});

  test('is answered elsewhere when the first is silent', async () => {
    const { broken } = await halfBroken({ ask: hangs });
    expect(await (await broken()).ask.ask({})).toEqual({ by: 'good' });
  });

  test('is answered elsewhere when the plug of the first is pulled meanwhile', async () => {
    const { broken } = await halfBroken({ ask: hangs });
    const answer = (await broken()).ask.ask({});
    hub.lose(clusterOf(0));
    expect(await answer).toEqual({ by: 'good' });
  });

  test('is asked three times of the same when there is no other', async () => {
    let count = 0;
    const { rune, ctx } = seeker();
    await machine('lab-01', lanternRune('late', { ask: () => (++count < 3 ? hangs() : { by: 'late' }) }));
    await machine('lab-02', rune);
    const [offer] = await found(ctx(), 1);
    expect(await offer!.ask.ask({})).toEqual({ by: 'late' });
    expect(count).toBe(3);
  });

  test.each([
    ['one that may not', 'turn', { on: true }, hangs, 'CLUSTER_TIMEOUT'],
    ['an answer that is an error', 'ask', {}, () => Promise.reject(new Error('burnt out')), 'RUNES_THREW'],
  ] as const)('%s is asked once', async (_name, method, request, handler, code) => {
    let count = 0;
    const counting = () => {
      count++;
      return handler();
    };
    const { broken } = await halfBroken({ [method]: counting });
    await expect((await broken()).ask[method](request as never)).rejects.toMatchObject({ code });
    expect(count).toBe(1);
  });
});

describe('a member that lies', () => {
  /** A member that is no host: it says and answers what it likes. */
  async function liar(call: JoinOptions['handlers']['call']) {
    const cluster = await hub.join({
      key: new Uint8Array(32),
      name: 'liar',
      address: '10.0.0.99',
      port: 6882,
      seeds: ['10.0.0.1'],
      labels: {},
      handlers: { call, event: () => {} },
    });
    cluster.describe({ offers: [{ name: 'lantern', version: 1, labels: {} }] });
    return cluster;
  }

  test('in its reply: the caller is told, and the room goes on', async () => {
    const { rune, ctx } = seeker();
    await machine('lab-01', rune);
    await machine('lab-02', lanternRune('good'));
    const lies: unknown[] = ['nonsense', { by: 7 }, null, { by: 'x', more: 1 }];
    await liar(async () => lies[0]);
    const offers = await found(ctx(), 2);
    const lying = offers.find(({ host }) => host === 'liar')!;
    while (lies.length > 0) {
      const reply = expect(lying.ask.turn({ on: true })).rejects;
      await reply.toThrow(/^seeker asks liar for lantern\.turn: reply: /);
      lies.shift();
    }
    expect(await offers.find(({ host }) => host === 'lab-02')!.ask.turn({ on: true })).toEqual({ by: 'good' });
  });

  test('in its requests and events: it is told, the rune never sees them', async () => {
    const { rune, ctx } = seeker();
    const asked: unknown[] = [];
    const turn = (request: never) => {
      asked.push(request);
      return { by: 'one' };
    };
    const { lines } = await machine('lab-01', rune, lanternRune('one', { turn }));
    const heard: unknown[] = [];
    ctx().on(lantern, 'burnt', (data) => heard.push(data));
    const cluster = await liar(async () => ({}));
    await found(ctx(), 2);
    const call = (change: Partial<RemoteCall>) =>
      cluster.call(
        clusterOf(0).self.id,
        { interfaceName: 'lantern', version: 1, method: 'turn', request: {}, ...change },
        500,
      );
    await expect(call({ request: { on: 'yes' } })).rejects.toMatchObject({ code: 'RUNES_BAD_MESSAGE' });
    await expect(call({ method: 'constructor' })).rejects.toMatchObject({ code: 'RUNES_UNKNOWN_CALL' });
    await expect(call({ version: 2 })).rejects.toMatchObject({ code: 'RUNES_NOT_RUNNING' });
    await expect(call({ interfaceName: 'toString' })).rejects.toMatchObject({ code: 'RUNES_NOT_RUNNING' });
    const event = { interfaceName: 'lantern', version: 1, event: 'burnt' };
    cluster.emit({ ...event, data: { hours: 'many' } });
    cluster.emit({ ...event, data: { hours: null } });
    cluster.emit({ ...event, event: 'exploded', data: {} });
    cluster.emit({ ...event, data: { hours: 3 } });
    await expect.poll(() => heard).toEqual([{ hours: 3 }]);
    expect(asked).toEqual([]);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn seeker: seeker hears lantern\.burnt from liar: hours: /),
    ]);
  });
});

describe('faults', () => {
  test('10 MB are refused at the sender with a clear line; a shorter text crosses', async () => {
    const { rune, ctx } = seeker();
    await machine('lab-01', lanternRune('one'));
    await machine('lab-02', rune);
    const [offer] = await found(ctx(), 1);
    const text = 'x'.repeat(10 * 1024 * 1024);
    await expect(offer!.ask.echo({ text })).rejects.toThrow(
      'seeker asks lab-01 for lantern.echo: request: larger than 1048576 bytes',
    );
    expect((await offer!.ask.echo({ text: text.slice(0, 400_000) })).text.length).toBe(400_000);
  });

  test('a rune that is set aside is offered no more', async () => {
    const { rune, ctx } = seeker();
    await machine(
      'lab-01',
      lanternRune('one', {}, () => Promise.reject(new Error('no oil'))),
    );
    await machine('lab-02', rune, lanternRune('two'));
    expect((await found(ctx(), 1))[0]?.host).toBe('lab-02');
  });

  test('a room that cannot be joined stops no rune', async () => {
    const { log, lines } = keptLog();
    const { report, stop } = await startRuneHost({
      role: 'test',
      stage: 'serve',
      facts: sampleFacts,
      log,
      inWorker: false,
      builtin: [lanternRune('one')],
      folders: [{ roles: { path: 'test', text: 'test: lantern-rune' }, runes: [] }],
      room: { key: new Uint8Array(32), name: 'x', address: '10.0.0.1', port: 1, seeds: [], labels: {} },
      joinRoom: () => Promise.reject(new Error('port 1 is taken')),
    });
    expect(report.started.length).toBe(1);
    await expect.poll(() => lines).toContain('error : no room: port 1 is taken');
    await stop();
  });

  test('only what is declared can be looked for and labelled', async () => {
    const { rune, ctx } = seeker();
    await machine('lab-01', rune);
    await expect(ctx().find(lamp as never)).rejects.toMatchObject({ code: 'RUNES_NOT_DECLARED' });
    expect(() => ctx().label(lantern as never, {})).toThrow(/no lantern among its offers/);
    expect(() => defineRune({ ...rune, seeks: [lamp] } as never)).toThrow(/its reach is not 'room'/);
  });
});
