// Ours: Moleculer's broker over the mesh of src/cluster.

import type { BenchNode, Engine, NodeOptions } from '../engine.ts';

// The module is loaded by load(), as for the others.
let join: typeof import('../../../src/cluster/connect.ts').joinCluster;

export const engine: Engine = {
  async load() {
    join = (await import('../../../src/cluster/connect.ts')).joinCluster;
  },
  open,
};

async function open({ name, address, port, key, seeds }: NodeOptions): Promise<BenchNode> {
  const handlers = { call: async (_: unknown, { request }: { request: unknown }) => request, event: () => {} };
  const cluster = await join({
    key,
    name,
    address,
    port,
    seeds: seeds.map((seed) => `${seed.address}:${seed.port}`),
    labels: { role: 'node', field: '6881' },
    handlers,
  });
  return {
    name: cluster.self.id,
    members: () => new Set(cluster.members().map(({ id }) => withoutLife(id))),
    echo: async (member, text) =>
      (await cluster.call(
        member,
        { interfaceName: 'echo', version: 1, method: 'say', request: text },
        30_000,
      )) as string,
    stop: () => cluster.leave(),
  };
}

/** Who was lost and is there again is a new member: for the watcher still the same machine. */
function withoutLife(id: string): string {
  return id.replace(/\.\d+$/, '');
}
