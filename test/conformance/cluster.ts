// What every Cluster must do, whatever carries it. Each implementation's test calls this with a way of joining and of pulling a plug.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cluster, ClusterHandlers, JoinOptions, MemberChange, RemoteCall } from '../../src/cluster/cluster.ts';

/** A place where members meet, made anew for each test. */
export interface TestRoom {
  /** Joins with these options as they are; addresses are 127.0.0.1 and up. */
  join(options: JoinOptions): Promise<Cluster>;
  /** Takes a member away without a farewell, as a pulled plug does. */
  lose(cluster: Cluster): Promise<void> | void;
  /** Ends whatever the test left. */
  close(): Promise<void>;
}

export interface Pace {
  /** Until what one says is seen by all, and a farewell too. */
  readonly seenMs: number;
  /** Until a silent member counts as lost. */
  readonly lostMs: number;
}

type Wish = Partial<Pick<JoinOptions, 'key' | 'labels' | 'seeds' | 'address'>> & Partial<ClusterHandlers>;

const KEY = new Uint8Array(32).fill(7);
const ping: RemoteCall = { interfaceName: 'lamp', version: 1, method: 'turn', request: { on: true } };

/** @param open Gives an empty room. */
export function testCluster(open: () => TestRoom, { seenMs, lostMs }: Pace): void {
  let room: TestRoom;
  let port = 42_000 + (process.pid % 1000) * 10;
  let joined: Cluster[];

  beforeEach(() => {
    room = open();
    joined = [];
    port++;
  });
  afterEach(async () => {
    await Promise.all(joined.map((cluster) => cluster.leave()));
    await room.close();
  });

  async function join(name: string, wish: Wish = {}): Promise<Cluster> {
    const { call = async () => ({ by: name }), event = () => {}, ...rest } = wish;
    const address = `127.0.0.${joined.length + 1}`;
    const seeds = joined.length === 0 ? [] : ['127.0.0.1'];
    const handlers = { call, event };
    const cluster = await room.join({ key: KEY, name, address, port, seeds, labels: {}, handlers, ...rest });
    joined.push(cluster);
    return cluster;
  }
  /** A room of members that all see each other. */
  async function roomOf(...names: string[]): Promise<Cluster[]> {
    const clusters: Cluster[] = [];
    for (const name of names) clusters.push(await join(name));
    await see(clusters, names);
    return clusters;
  }
  const namesOf = (cluster: Cluster) => cluster.members().map(({ name }) => name);
  const see = (clusters: readonly Cluster[], names: readonly string[], timeout = seenMs) =>
    expect
      .poll(() => clusters.map((one) => namesOf(one).sort()), { timeout })
      .toEqual(clusters.map(() => [...names].sort()));
  const idOf = (cluster: Cluster, name: string) => cluster.members().find((member) => member.name === name)?.id ?? '';
  const changesOf = (cluster: Cluster) => {
    const changes: MemberChange[] = [];
    cluster.onChange((change) => changes.push(change));
    return changes;
  };
  const told = (changes: readonly MemberChange[]) => changes.map(({ kind, member }) => `${kind} ${member.name}`);
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  describe('membership', () => {
    test('one alone is a room', async () => {
      const alone = await join('lab-01', { seeds: ['127.0.0.200'], labels: { role: 'node' } });
      expect(alone.members()).toEqual([alone.self]);
      expect(alone.self).toMatchObject({ name: 'lab-01', address: '127.0.0.1', labels: { role: 'node' }, offers: [] });
      expect(Math.abs(alone.self.since - Date.now())).toBeLessThan(60_000);
    });

    test('all see each other through one seed, in the order of their ids', async () => {
      const clusters = await roomOf('lab-01', 'lab-02', 'lab-03');
      for (const cluster of clusters) {
        const ids = cluster.members().map(({ id }) => id);
        expect(ids).toEqual([...ids].sort());
        expect(ids).toContain(cluster.self.id);
      }
    });

    test('labels and offers are seen by the others, with each change once', async () => {
      const [one, two] = (await roomOf('lab-01', 'lab-02')) as [Cluster, Cluster];
      const changes = changesOf(two);
      const offers = [{ name: 'lamp', version: 1, labels: { colour: 'red' }, load: 0.5 }];
      one.describe({ labels: { role: 'web' } });
      one.describe({ offers });
      const seen = () => two.members().find(({ name }) => name === 'lab-01');
      await expect.poll(seen, { timeout: seenMs }).toMatchObject({ labels: { role: 'web' }, offers });
      await wait(seenMs / 10);
      const before = told(changes).length;
      expect(new Set(told(changes))).toEqual(new Set(['changed lab-01']));
      expect(before).toBeLessThanOrEqual(2);
      await wait(seenMs / 5);
      expect(told(changes).length).toBe(before);
    });

    test('who comes, and who leaves with a farewell, is told once to each', async () => {
      const [one, two] = (await roomOf('lab-01', 'lab-02')) as [Cluster, Cluster];
      const changes = [changesOf(one), changesOf(two)];
      const three = await join('lab-03', { labels: { role: 'web' } });
      await see([one, two, three], ['lab-01', 'lab-02', 'lab-03']);
      const began = Date.now();
      await three.leave();
      await see([one, two], ['lab-01', 'lab-02']);
      expect(Date.now() - began).toBeLessThan(seenMs);
      await wait(seenMs / 10);
      for (const list of changes) {
        expect(told(list).filter((line) => !line.startsWith('changed'))).toEqual(['joined lab-03', 'left lab-03']);
        expect(list[0]?.member.labels).toEqual({ role: 'web' });
      }
    });

    test('who falls silent is lost, and is a new member when it returns', async () => {
      const [one, two] = (await roomOf('lab-01', 'lab-02')) as [Cluster, Cluster];
      const changes = changesOf(one);
      const before = idOf(one, 'lab-02');
      await room.lose(two);
      await see([one], ['lab-01'], lostMs);
      expect(told(changes)).toContain('lost lab-02');
      await join('lab-02', { address: '127.0.0.2' });
      await see([one], ['lab-01', 'lab-02']);
      expect(idOf(one, 'lab-02')).not.toBe(before);
      expect(told(changes).filter((line) => line.startsWith('joined'))).toEqual(['joined lab-02']);
    });

    test('meet() finds whom no seed leads to', async () => {
      const one = await join('lab-01');
      const two = await join('lab-02', { seeds: [] });
      one.meet([two.self.address]);
      await see([one, two], ['lab-01', 'lab-02']);
      one.meet([two.self.address, '127.0.0.1', '127.0.0.200']);
      await wait(seenMs / 10);
      expect(namesOf(one).length).toBe(2);
    });

    test('who does not have the key is nobody', async () => {
      const [one, two] = (await roomOf('lab-01', 'lab-02')) as [Cluster, Cluster];
      const stranger = await join('stranger', { key: new Uint8Array(32).fill(8) });
      await wait(seenMs / 2);
      expect(namesOf(stranger)).toEqual(['stranger']);
      expect(namesOf(one)).not.toContain('stranger');
      await expect(stranger.call(one.self.id, ping, 500)).rejects.toMatchObject({ code: 'CLUSTER_GONE' });
      await expect(two.call(one.self.id, ping, seenMs)).resolves.toEqual({ by: 'lab-01' });
    });

    test('a listener that is taken away hears no more', async () => {
      const [one] = (await roomOf('lab-01')) as [Cluster];
      const heard: string[] = [];
      const stop = one.onChange(({ member }) => heard.push(member.name));
      const others = changesOf(one);
      stop();
      await join('lab-02');
      await expect.poll(() => told(others), { timeout: seenMs }).toContain('joined lab-02');
      expect(heard).toEqual([]);
    });
  });

  describe('calls', () => {
    /** A caller and one that answers with `call`. */
    async function pair(call: ClusterHandlers['call']): Promise<[Cluster, string]> {
      const one = await join('lab-01');
      const two = await join('lab-02', { call });
      await see([one, two], ['lab-01', 'lab-02']);
      return [one, two.self.id];
    }

    test('cross with their caller, and so do bytes, nothing and 200 KiB', async () => {
      const [one, id] = await pair(async (from, { request, ...rest }) => ({ from: from.name, request, ...rest }));
      const bytes = Uint8Array.from({ length: 200 * 1024 }, (_, index) => index % 251);
      const request = { text: 'ünï', bytes, none: null, list: [1, [2, { three: false }]] };
      const reply = await one.call(id, { ...ping, request }, seenMs);
      expect(reply).toEqual({ from: 'lab-01', interfaceName: 'lamp', version: 1, method: 'turn', request });
      expect((reply as { request: typeof request }).request.bytes).toBeInstanceOf(Uint8Array);
    });

    test('many at once each get their own answer', async () => {
      const [one, id] = await pair(async (_, { request }) => request);
      const numbers = Array.from({ length: 200 }, (_, index) => index);
      const replies = numbers.map((request) => one.call(id, { ...ping, request }, seenMs));
      expect(await Promise.all(replies)).toEqual(numbers);
    });

    test('an error crosses as code and message', async () => {
      const { ViverError } = await import('../../src/errors.ts');
      const [one, id] = await pair(async (_, { method }) => {
        throw method === 'turn' ? new ViverError('RUNES_BAD_MESSAGE', 'on: not so') : new TypeError('burnt out');
      });
      await expect(one.call(id, ping, seenMs)).rejects.toMatchObject({
        code: 'RUNES_BAD_MESSAGE',
        message: 'on: not so',
      });
      const other = one.call(id, { ...ping, method: 'break' }, seenMs);
      await expect(other).rejects.toMatchObject({ code: 'RUNES_THREW', message: 'burnt out' });
    });

    test('no answer is CLUSTER_TIMEOUT, nobody there is CLUSTER_GONE', async () => {
      const [one, id] = await pair(() => new Promise(() => {}));
      await expect(one.call(id, ping, 50)).rejects.toMatchObject({ code: 'CLUSTER_TIMEOUT', retryable: true });
      await expect(one.call('nobody', ping, 50)).rejects.toMatchObject({ code: 'CLUSTER_GONE', retryable: true });
    });

    test('who leaves or is lost before the answer is CLUSTER_GONE', async () => {
      const [one, id] = await pair(() => new Promise(() => {}));
      const three = await join('lab-03', { call: () => new Promise(() => {}) });
      await expect.poll(() => idOf(one, 'lab-03'), { timeout: seenMs }).not.toBe('');
      const left = expect(one.call(id, ping, 10 * lostMs)).rejects.toMatchObject({ code: 'CLUSTER_GONE' });
      const lost = expect(one.call(three.self.id, ping, 10 * lostMs)).rejects.toMatchObject({ code: 'CLUSTER_GONE' });
      await wait(seenMs / 20);
      await joined[1]?.leave();
      await left;
      await room.lose(three);
      await lost;
    });

    test('10 MB are refused at the sender, in a reply too, and the room goes on', async () => {
      const huge = 'x'.repeat(10 * 1024 * 1024);
      const [one, id] = await pair(async (_, { method }) => (method === 'huge' ? huge : 'ok'));
      await expect(one.call(id, { ...ping, request: huge }, seenMs)).rejects.toMatchObject({
        code: 'CLUSTER_TOO_LARGE',
      });
      await expect(one.call(id, { ...ping, method: 'huge' }, seenMs)).rejects.toMatchObject({
        code: 'CLUSTER_TOO_LARGE',
      });
      expect(() => one.emit({ interfaceName: 'lamp', version: 1, event: 'burnt', data: huge })).toThrow(/larger/);
      expect(await one.call(id, ping, seenMs)).toBe('ok');
    });

    test('an answer that is no data is an error of that call alone', async () => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      const nonsense: Record<string, unknown> = { function: () => 1, date: new Date(), map: new Map(), circle };
      const [one, id] = await pair(async (_, { method }) => nonsense[method] ?? 'ok');
      for (const method of Object.keys(nonsense)) {
        await expect(one.call(id, { ...ping, method }, seenMs)).rejects.toMatchObject({ code: 'RUNES_NOT_PLAIN' });
      }
      expect(await one.call(id, ping, seenMs)).toBe('ok');
    });
  });

  describe('events', () => {
    const burnt = { interfaceName: 'lamp', version: 1, event: 'burnt', data: { hours: 900 } };

    test('come to all others that listen to that name and version, and to no one else', async () => {
      const heard: Record<string, unknown[]> = { all: [], other: [], newer: [], self: [] };
      const hears = (key: string): Wish => ({ event: (from, event) => heard[key]?.push([from.name, event]) });
      const teller = await join('teller', hears('self'));
      const all = await join('all', hears('all'));
      const other = await join('other', hears('other'));
      const newer = await join('newer', hears('newer'));
      for (const cluster of [all, teller]) cluster.listen([{ name: 'lamp', version: 1 }]);
      other.listen([{ name: 'lamp', version: 1 }]);
      other.listen([{ name: 'heater', version: 1 }]);
      newer.listen([{ name: 'lamp', version: 2 }]);
      await see([teller, all, other, newer], ['teller', 'all', 'other', 'newer']);
      await wait(seenMs / 5);
      teller.emit(burnt);
      await expect.poll(() => heard.all, { timeout: seenMs }).toEqual([['teller', burnt]]);
      await wait(seenMs / 10);
      expect(heard).toEqual({ all: [['teller', burnt]], other: [], newer: [], self: [] });
    });

    test('nobody there to hear one is no fault', async () => {
      const [one] = (await roomOf('lab-01')) as [Cluster];
      one.emit(burnt);
    });
  });

  test('after leave() nothing is heard, and calls are CLUSTER_GONE', async () => {
    const [one, two] = (await roomOf('lab-01', 'lab-02')) as [Cluster, Cluster];
    const changes = changesOf(one);
    await one.leave();
    await one.leave();
    await expect(one.call(two.self.id, ping, 100)).rejects.toMatchObject({ code: 'CLUSTER_GONE' });
    await join('lab-03', { seeds: [two.self.address] });
    await wait(seenMs / 10);
    expect(changes).toEqual([]);
  });
}
