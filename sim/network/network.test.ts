import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Duplex, DuplexHandlers } from '../../src/vfield/transport.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { type NetworkOptions, VirtualNetwork } from './network.ts';

/** 10 MB/s without overhead reckoned: figures below are a little over what payload alone would take. */
const SPEED = 10e6;

class Listener {
  readonly ends: { duplex: Duplex; bytes: number[]; closed: string | undefined }[] = [];

  accept = (duplex: Duplex): DuplexHandlers => {
    const end: Listener['ends'][number] = { duplex, bytes: [], closed: undefined };
    this.ends.push(end);
    return {
      onData: (chunk) => void end.bytes.push(...chunk),
      onDrain: () => {},
      onClose: (reason) => {
        end.closed = reason;
      },
    };
  };
}

function makeNetwork(options: Partial<NetworkOptions> = {}): { clock: VirtualClock; network: VirtualNetwork } {
  const clock = new VirtualClock();
  return { clock, network: new VirtualNetwork({ clock, bytesPerSecond: SPEED, ...options }) };
}

/** Connections from each of `hosts` to a server; both sides. */
async function connect(clock: VirtualClock, network: VirtualNetwork, hosts: readonly string[]) {
  const server = new Listener();
  const client = new Listener();
  await network.transport('server').listen({ port: 1 }, server.accept);
  for (const host of hosts) void network.transport(host).connect('server:1', client.accept);
  await clock.run(100);
  expect(client.ends.length).toBe(hosts.length);
  return { server: server.ends, client: client.ends };
}

describe('a connection', () => {
  it('brings every byte once and in order, whatever is lost, late or cut up', async () => {
    const writes = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 12 });
    const options = fc.record({
      seed: fc.nat(),
      chunkSeed: fc.nat(),
      loss: fc.constantFrom(0, 0.01, 0.2),
      jitterMs: fc.constantFrom(0, 3),
    });
    await fc.assert(
      fc.asyncProperty(writes, options, async (lengths, chance) => {
        const { clock, network } = makeNetwork(chance);
        const { server, client } = await connect(clock, network, ['a']);
        const sent = lengths.map((length, at) => new Uint8Array(length).map((_, byte) => (byte * 7 + at) & 255));
        for (const bytes of sent) client[0]!.duplex.write(bytes);
        client[0]!.duplex.close();
        await clock.run(60_000);
        expect(Buffer.compare(Buffer.from(server[0]!.bytes), Buffer.concat(sent))).toBe(0);
        expect(server[0]!.closed).toBe('closed by the other side');
      }),
      { numRuns: 40 },
    );
  });

  it('makes the writer wait, and tells when it may go on', async () => {
    const { clock, network } = makeNetwork();
    const { client } = await connect(clock, network, ['a']);
    let drained = 0;
    await network.transport('b').listen({ port: 2 }, new Listener().accept);
    let open: Duplex | undefined;
    void network.transport('a').connect('b:2', (duplex) => {
      open = duplex;
      return { onData: () => {}, onDrain: () => void drained++, onClose: () => {} };
    });
    await clock.run(10);
    expect(open!.write(new Uint8Array(100_000))).toBe(true);
    expect(open!.write(new Uint8Array(400_000))).toBe(false);
    expect(drained).toBe(0);
    await clock.run(1_000);
    expect(drained).toBe(1);
    expect(client[0]!.closed).toBeUndefined();
  });

  it('ends for both when one host loses its power, or goes silent and is reset once the host is back', async () => {
    const { clock, network } = makeNetwork();
    const { server } = await connect(clock, network, ['a', 'b']);
    network.powerOff('a');
    network.powerOff('b', 'silence');
    await clock.run(1_000);
    expect(server.map((end) => end.closed)).toEqual(['connection reset', undefined]);
    server[1]!.duplex.write(new Uint8Array(4));
    await clock.run(60_000);
    expect(server[1]!.closed).toBeUndefined();
    network.powerOn('b');
    server[1]!.duplex.write(new Uint8Array(4));
    await clock.run(10);
    expect(server[1]!.closed).toBe('connection reset');
  });

  it('goes on after a partition, with nothing lost, when TCP tries again', async () => {
    const { clock, network } = makeNetwork();
    const { server, client } = await connect(clock, network, ['a']);
    network.cut('a', 'server');
    client[0]!.duplex.write(new Uint8Array(1000));
    await clock.run(1_000);
    client[0]!.duplex.write(new Uint8Array(1000));
    await clock.run(1_000);
    expect(server[0]!.bytes.length).toBe(0);
    network.heal('a', 'server');
    await clock.run(900);
    expect(server[0]!.bytes.length).toBe(0);
    await clock.run(200);
    expect(server[0]!.bytes.length).toBe(2000);
  });

  it('is refused where nobody listens, and not answered by a host that is off', async () => {
    const { clock, network } = makeNetwork();
    const ended: string[] = [];
    const dial = (host: string): void => {
      network
        .transport('a')
        .connect(`${host}:9`, new Listener().accept)
        .catch((error: { code: string }) => ended.push(`${host} ${error.code} ${clock.now() < 1_000}`));
    };
    network.powerOff('off');
    dial('on');
    dial('off');
    await clock.run(5_000);
    expect(ended).toEqual(['on FIELD_CONNECT true', 'off FIELD_CONNECT false']);
  });
});

describe('a link', () => {
  const MEGABYTE = 1_000_000;
  const done = (ends: { bytes: number[] }[]) => ends.map((end) => end.bytes.length === MEGABYTE);

  it('is shared by all connections of the sending host, evenly', async () => {
    const { clock, network } = makeNetwork();
    const { server, client } = await connect(clock, network, ['a', 'b', 'c', 'd']);
    for (const { duplex } of server) duplex.write(new Uint8Array(MEGABYTE));
    await clock.run(390);
    expect(done(client)).toEqual([false, false, false, false]);
    for (const end of client) expect(end.bytes.length).toBeGreaterThan(0.85 * MEGABYTE);
    await clock.run(60);
    expect(done(client)).toEqual([true, true, true, true]);
    expect(network.host('server').sentBytes).toBe(4 * MEGABYTE);
  });

  it('is shared by all who send to one host, evenly', async () => {
    const { clock, network } = makeNetwork();
    const { server, client } = await connect(clock, network, ['a', 'b', 'c', 'd']);
    for (const { duplex } of client) duplex.write(new Uint8Array(MEGABYTE));
    await clock.run(390);
    for (const end of server) expect(end.bytes.length).toBeGreaterThan(0.85 * MEGABYTE);
    expect(done(server)).toEqual([false, false, false, false]);
    await clock.run(60);
    expect(done(server)).toEqual([true, true, true, true]);
  });

  it('carries both ways at once at full speed, as far as the switch does', async () => {
    const measure = async (options: Partial<NetworkOptions>): Promise<number> => {
      const { clock, network } = makeNetwork(options);
      const { server, client } = await connect(clock, network, ['a']);
      const started = clock.now();
      server[0]!.duplex.write(new Uint8Array(MEGABYTE));
      client[0]!.duplex.write(new Uint8Array(MEGABYTE));
      await clock.runUntil(() => done([...server, ...client]).every(Boolean), 10_000);
      return clock.now() - started;
    };
    expect(await measure({})).toBeLessThan(115);
    expect(await measure({ switchBytesPerSecond: SPEED })).toBeGreaterThan(200);
  });

  it('is slower with losses', async () => {
    const measure = async (loss: number): Promise<number> => {
      const { clock, network } = makeNetwork({ loss, latencyMs: 5, seed: 3 });
      const { server, client } = await connect(clock, network, ['a']);
      const started = clock.now();
      client[0]!.duplex.write(new Uint8Array(MEGABYTE));
      await clock.runUntil(() => done(server).every(Boolean), 100_000);
      return clock.now() - started;
    };
    const [none, some, many] = [await measure(0), await measure(0.001), await measure(0.05)];
    expect(some).toBeGreaterThan(none);
    expect(many).toBeGreaterThan(2 * some);
  });

  it('has its own latency for each pair of hosts, from the seed', async () => {
    const dialMs = async (seed: number, host: string): Promise<number> => {
      const { clock, network } = makeNetwork({ seed, latencyMs: [1, 50] });
      await network.transport('server').listen({ port: 1 }, new Listener().accept);
      let connectedAt = 0;
      void network
        .transport(host)
        .connect('server:1', new Listener().accept)
        .then(() => {
          connectedAt = clock.now();
        });
      await clock.run(200);
      return connectedAt;
    };
    const [one, again, other, otherSeed] = [
      await dialMs(1, 'a'),
      await dialMs(1, 'a'),
      await dialMs(1, 'b'),
      await dialMs(2, 'a'),
    ];
    expect(one).toBe(again);
    expect(new Set([one, other, otherSeed]).size).toBe(3);
    for (const ms of [one, other, otherSeed]) expect(ms).toBeGreaterThanOrEqual(2);
  });
});
