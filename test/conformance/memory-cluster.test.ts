import { describe, expect, test } from 'vitest';
import type { JoinOptions } from '../../src/cluster/cluster.ts';
import { MemoryHub } from '../../src/cluster/memory.ts';
import { testCluster } from './cluster.ts';

describe('a room in memory', () => {
  const open = () => {
    const hub = new MemoryHub();
    return { join: hub.join.bind(hub), lose: hub.lose.bind(hub), close: async () => {} };
  };
  testCluster(open, { seenMs: 200, lostMs: 200 });

  test('cut in two, each half goes on; healed, it is one room again', async () => {
    const hub = new MemoryHub({ delayMs: 2, noticeMs: 10 });
    const join = (name: string, number: number) =>
      hub.join({
        key: new Uint8Array(32),
        name,
        address: `10.0.0.${number}`,
        port: 1,
        seeds: ['10.0.0.1'],
        labels: {},
        handlers: { call: async () => name, event: () => {} },
      } satisfies JoinOptions);
    const clusters = await Promise.all(['a', 'b', 'c', 'd'].map((name, index) => join(name, index + 1)));
    const seen = () =>
      clusters.map((cluster) =>
        cluster
          .members()
          .map(({ name }) => name)
          .sort()
          .join(''),
      );
    await expect.poll(seen).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
    hub.cut('far', clusters.slice(2));
    await expect.poll(seen).toEqual(['ab', 'ab', 'cd', 'cd']);
    hub.heal();
    await expect.poll(seen).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });
});
