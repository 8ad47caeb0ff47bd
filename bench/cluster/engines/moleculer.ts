// Moleculer with its TCP transporter as it comes: gossip every two seconds, no key, no encryption.

import { type BenchNode, type Engine, type NodeOptions, scratchImport } from '../engine.ts';

// biome-ignore lint/suspicious/noExplicitAny: loaded from the scratch folder, without types.
let moleculer: any;

export const engine: Engine = {
  async load() {
    moleculer = (await scratchImport('moleculer')).default;
  },
  open,
};

async function open({ name, address, port, seeds }: NodeOptions): Promise<BenchNode> {
  const broker = new moleculer.ServiceBroker({
    nodeID: name,
    logger: false,
    skipProcessEventRegistration: true,
    internalServices: false,
    validator: false,
    requestTimeout: 30_000,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        port,
        useHostname: false,
        urls: seeds.map((s) => `${s.address}:${s.port}/${s.name}`),
      },
    },
  });
  broker.registry.nodes.localNode.ipList = [address];
  broker.createService({ name: 'echo', actions: { say: (ctx: { params: { text: string } }) => ctx.params.text } });
  await broker.start();
  return {
    name,
    members: () =>
      new Set(
        broker.registry.nodes
          .toArray()
          .filter((n: { available: boolean }) => n.available)
          .map((n: { id: string }) => n.id),
      ),
    echo: (member, text) => broker.call('echo.say', { text }, { nodeID: member }),
    stop: () => broker.stop(),
  };
}
