// js-libp2p with a pre-shared key (pnet), noise and yamux. It has no membership of its own: here each connection is a member, watched by its ping
// service every two seconds, and the peer exchange that it would need is given for nothing: each node is told the addresses of all before it.

import { type BenchNode, type Engine, type NodeOptions, scratchImport } from '../engine.ts';

const ECHO = '/bench/echo/1';
// biome-ignore lint/suspicious/noExplicitAny: loaded from the scratch folder, without types.
let p: any;

export const engine: Engine = {
  async load() {
    const names = [
      'libp2p',
      '@libp2p/tcp',
      '@libp2p/pnet',
      '@chainsafe/libp2p-noise',
      '@chainsafe/libp2p-yamux',
      '@libp2p/identify',
      '@libp2p/ping',
      '@multiformats/multiaddr',
    ];
    p = Object.assign({}, ...(await Promise.all(names.map(scratchImport))));
  },
  open,
};

async function open({ address, port, seeds, key }: NodeOptions): Promise<BenchNode> {
  const psk = new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`);
  const node = await p.createLibp2p({
    addresses: { listen: [`/ip4/${address}/tcp/${port}`] },
    transports: [p.tcp()],
    connectionProtector: p.preSharedKey({ psk }),
    connectionEncrypters: [p.noise()],
    streamMuxers: [p.yamux()],
    services: { identify: p.identify(), ping: p.ping() },
    connectionManager: {
      maxConnections: 1000,
      inboundConnectionThreshold: 10_000,
      maxIncomingPendingConnections: 1000,
      maxParallelDials: 20,
    },
    connectionMonitor: { pingInterval: 2000 },
  });
  await node.handle(
    ECHO,
    // biome-ignore lint/suspicious/noExplicitAny: a stream of the package.
    async (stream: any) => {
      stream.send(await readAll(stream));
      await stream.close();
    },
    { maxInboundStreams: 1000, maxOutboundStreams: 1000 },
  );
  for (const seed of seeds) void dial(node, seed);
  return {
    name: node.peerId.toString(),
    members: () => new Set([node.peerId, ...node.getPeers()].map(String)),
    async echo(member, text) {
      const peer = node.getPeers().find((one: unknown) => String(one) === member);
      const stream = await node.dialProtocol(peer, ECHO, { maxOutboundStreams: 1000 });
      stream.send(new TextEncoder().encode(text));
      await stream.close();
      return new TextDecoder().decode(await readAll(stream));
    },
    stop: () => node.stop(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a node of the package.
async function dial(node: any, seed: { address: string; port: number }): Promise<void> {
  for (let wait = 500; ; wait *= 2) {
    try {
      await node.dial(p.multiaddr(`/ip4/${seed.address}/tcp/${seed.port}`));
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function readAll(stream: AsyncIterable<{ subarray(): Uint8Array }>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part.subarray());
  return Buffer.concat(parts);
}
