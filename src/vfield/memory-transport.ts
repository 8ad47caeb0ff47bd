// A network inside one process, on any Clock: the same connections as TCP gives, with latency, bandwidth, partitions and power cuts. For tests
// of whole rooms and for the simulator. Chance (where chunks are cut) comes from the seed given.

import { ViverError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { mix } from './placement.ts';
import type { Duplex, DuplexHandlers, DuplexOwner, Transport } from './transport.ts';

export interface NetworkOptions {
  readonly clock: Clock;
  /** One way. Default 0.2 ms. */
  readonly latencyMs?: number;
  /** Of each direction of each connection. Default unlimited. */
  readonly bytesPerSecond?: number;
  /** With a seed, what is sent arrives cut at random places. */
  readonly chunkSeed?: number;
}

/** Bytes on their way above which `write` says wait. */
const WRITE_AHEAD_BYTES = 131_072;
/** What a connection attempt to a host that is off costs. */
const NO_ANSWER_MS = 1_000;

export class MemoryNetwork {
  readonly options: NetworkOptions;
  readonly #listeners = new Map<string, DuplexOwner>();
  readonly #links = new Set<Link>();
  readonly #cuts = new Set<string>();
  readonly #off = new Set<string>();
  #nextPort = 40_000;

  constructor(options: NetworkOptions) {
    this.options = options;
  }

  /** The network as seen from the host of this name. */
  transport(host: string): Transport {
    return {
      listen: async ({ port }, accept) => {
        const own = port || this.#nextPort++;
        const address = `${host}:${own}`;
        if (this.#listeners.has(address)) throw new ViverError('FIELD_LISTEN', `${address} is taken`);
        this.#listeners.set(address, accept);
        return { port: own, close: async () => void this.#listeners.delete(address) };
      },
      connect: (address, owner) => this.#connect(host, address, owner),
    };
  }

  /** Nothing passes between the two hosts any more; nobody is told. */
  cut(hostA: string, hostB: string): void {
    this.#cuts.add(pairOf(hostA, hostB));
  }

  heal(hostA: string, hostB: string): void {
    this.#cuts.delete(pairOf(hostA, hostB));
  }

  /** The host's power goes: its connections end, told to the others (`reset`) or in silence. */
  powerOff(host: string, end: 'reset' | 'silence' = 'reset'): void {
    this.#off.add(host);
    for (const address of this.#listeners.keys()) if (hostOf(address) === host) this.#listeners.delete(address);
    for (const link of this.#links) if (link.hosts.includes(host)) this.#endLink(link, end);
  }

  powerOn(host: string): void {
    this.#off.delete(host);
  }

  passes(hosts: readonly [string, string]): boolean {
    return !this.#cuts.has(pairOf(...hosts)) && !hosts.some((host) => this.#off.has(host));
  }

  forget(link: Link): void {
    this.#links.delete(link);
  }

  #endLink(link: Link, end: 'reset' | 'silence'): void {
    this.#links.delete(link);
    if (end === 'reset') for (const side of link.ends) side.fail('connection reset');
    else for (const side of link.ends) side.mute();
  }

  async #connect(host: string, address: string, owner: DuplexOwner): Promise<void> {
    const accept = this.#listeners.get(address);
    const hosts = [host, hostOf(address)] as const;
    const reachable = this.passes(hosts);
    await this.#wait(reachable ? 2 * (this.options.latencyMs ?? 0.2) : NO_ANSWER_MS);
    if (!accept || !reachable || this.#listeners.get(address) !== accept) {
      throw new ViverError('FIELD_CONNECT', `${address} does not answer`, { retryable: true });
    }
    const link = new Link(this, hosts, [address, `${host}:${this.#nextPort++}`]);
    this.#links.add(link);
    link.ends[1].own(accept);
    link.ends[0].own(owner);
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.options.clock.setTimeout(resolve, milliseconds));
  }
}

/** A connection; end 0 is the one who connected. */
class Link {
  readonly hosts: readonly [string, string];
  readonly ends: readonly [MemoryDuplex, MemoryDuplex];

  constructor(network: MemoryNetwork, hosts: readonly [string, string], addresses: readonly [string, string]) {
    this.hosts = hosts;
    const ends = [
      new MemoryDuplex(network, this, addresses[0]),
      new MemoryDuplex(network, this, addresses[1]),
    ] as const;
    ends[0].other = ends[1];
    ends[1].other = ends[0];
    this.ends = ends;
  }
}

class MemoryDuplex implements Duplex {
  readonly remoteAddress: string;
  other!: MemoryDuplex;
  readonly #network: MemoryNetwork;
  readonly #link: Link;
  #handlers: DuplexHandlers | undefined;
  #closed = false;
  #muted = false;
  readonly #queue: { bytes: Uint8Array; sent: (() => void) | undefined }[] = [];
  #lineFreeAt = 0;
  #underWay = 0;
  #waiting = false;
  #sent = 0;

  constructor(network: MemoryNetwork, link: Link, remoteAddress: string) {
    this.#network = network;
    this.#link = link;
    this.remoteAddress = remoteAddress;
  }

  own(owner: DuplexOwner): void {
    this.#handlers = owner(this);
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    if (this.#closed || this.#muted) return true;
    const { clock, bytesPerSecond = Number.POSITIVE_INFINITY, latencyMs = 0.2 } = this.#network.options;
    this.#lineFreeAt = Math.max(this.#lineFreeAt, clock.now()) + (bytes.length * 1000) / bytesPerSecond;
    this.#underWay += bytes.length;
    this.#queue.push({ bytes, sent });
    clock.setTimeout(() => this.#arrive(), this.#lineFreeAt - clock.now() + latencyMs);
    this.#waiting ||= this.#underWay > WRITE_AHEAD_BYTES;
    return !this.#waiting;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#network.forget(this.#link);
    const { clock, latencyMs = 0.2 } = this.#network.options;
    const delay = Math.max(0, this.#lineFreeAt - clock.now()) + latencyMs;
    if (!this.#muted) clock.setTimeout(() => this.other.fail('closed by the other side'), delay);
  }

  fail(reason: string): void {
    if (this.#closed || this.#muted) return;
    this.#closed = true;
    this.#handlers?.onClose(reason);
  }

  /** As after a power cut of the other host: nothing is said any more, in either direction. */
  mute(): void {
    this.#muted = true;
  }

  /** A timer went off: the oldest bytes arrive, whichever timer it was, so that order holds on every clock. */
  #arrive(): void {
    const { bytes, sent } = this.#queue.shift()!;
    this.#underWay -= bytes.length;
    if (this.#network.passes(this.#link.hosts)) this.other.#receive(bytes);
    else this.#muted = true;
    sent?.();
    if (this.#waiting && this.#underWay <= WRITE_AHEAD_BYTES / 2 && !this.#closed) {
      this.#waiting = false;
      this.#handlers?.onDrain();
    }
  }

  #receive(bytes: Uint8Array): void {
    const { chunkSeed } = this.#network.options;
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      const count = chunkSeed === undefined ? left : 1 + (mix(this.#sent++, chunkSeed) % left);
      if (this.#closed || this.#muted) return;
      this.#handlers?.onData(bytes.subarray(at, at + count));
      at += count;
    }
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

function pairOf(hostA: string, hostB: string): string {
  return hostA < hostB ? `${hostA} ${hostB}` : `${hostB} ${hostA}`;
}
