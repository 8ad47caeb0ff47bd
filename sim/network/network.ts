// A network of hosts inside one process, on a virtual clock: connections as TCP gives them, over links of a given speed that all connections of a
// host share, with latency, loss, partitions and power cuts, all from one seed. What it leaves out stands in docs/field-simulation.md.

import { ViverError } from '../../src/errors.ts';
import type { DuplexOwner, Transport } from '../../src/vfield/transport.ts';
import { Host, type HostOptions } from './host.ts';
import { Link } from './link.ts';
import { Medium, type MediumOptions } from './medium.ts';

export interface NetworkOptions extends MediumOptions {
  /** Of each host's link, overhead included, each way. Default 1 Gbit/s. */
  readonly bytesPerSecond?: number;
  readonly cpuNsPerByte?: number;
  /** With a seed, what is sent arrives cut at random places. */
  readonly chunkSeed?: number;
}

/** What a connection attempt to a host that is off costs (peer/tcp-transport.ts). */
const NO_ANSWER_MS = 1_200;

export class VirtualNetwork {
  readonly #options: NetworkOptions;
  readonly #medium: Medium;
  readonly #hosts = new Map<string, Host>();
  readonly #listeners = new Map<string, DuplexOwner>();
  readonly #links = new Map<Host, Set<Link>>();
  #nextPort = 40_000;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#medium = new Medium(options);
  }

  /** The network as seen from the host of this name. */
  transport(name: string): Transport {
    return {
      listen: async ({ port }, accept) => {
        const own = port || this.#nextPort++;
        const address = `${name}:${own}`;
        if (this.#listeners.has(address)) throw new ViverError('FIELD_LISTEN', `${address} is taken`);
        this.#listeners.set(address, accept);
        return {
          port: own,
          close: async () => {
            if (this.#listeners.get(address) === accept) this.#listeners.delete(address);
          },
        };
      },
      connect: (address, owner) => this.#connect(this.host(name), address, owner),
    };
  }

  /** @param options Given, they are the host's from now on. */
  host(name: string, options?: HostOptions): Host {
    let host = this.#hosts.get(name);
    if (!host) {
      host = new Host(name, this.#medium, this.#options);
      this.#hosts.set(name, host);
      this.#links.set(host, new Set());
    }
    if (options) host.options = { ...host.options, ...options };
    return host;
  }

  /** Nothing passes between the two hosts any more; nobody is told. */
  cut(hostA: string, hostB: string): void {
    this.#medium.cut(hostA, hostB);
  }

  /** What was sent meanwhile comes when TCP tries again. */
  heal(hostA: string, hostB: string): void {
    this.#medium.heal(hostA, hostB);
    const other = this.host(hostB);
    for (const link of this.#links.get(this.host(hostA))!) if (link.options.hosts.includes(other)) link.resume();
  }

  /** The host's power goes: its connections end, told to the others (`reset`) or in silence. */
  powerOff(name: string, end: 'reset' | 'silence' = 'reset'): void {
    const host = this.host(name);
    this.#medium.powerOff(name);
    host.powerOff();
    for (const address of this.#listeners.keys()) if (hostOf(address) === name) this.#listeners.delete(address);
    for (const link of this.#links.get(host)!) {
      if (end === 'reset') link.reset();
      else link.mute();
    }
  }

  powerOn(name: string): void {
    this.#medium.powerOn(name);
  }

  async #connect(host: Host, address: string, owner: DuplexOwner): Promise<void> {
    const accept = this.#listeners.get(address);
    const other = this.host(hostOf(address));
    const isReachable = this.#medium.passes(host.name, other.name);
    await this.#wait(isReachable ? 2 * this.#medium.latencyMs(host.name, other.name) : NO_ANSWER_MS);
    if (!accept || !isReachable || this.#listeners.get(address) !== accept) {
      throw new ViverError('FIELD_CONNECT', `${address} does not answer`, { retryable: true });
    }
    this.#link(host, other, address).own(accept, owner);
  }

  #link(host: Host, other: Host, address: string): Link {
    const link = new Link({
      medium: this.#medium,
      hosts: [host, other],
      addresses: [address, `${host.name}:${1 + (this.#nextPort++ % 65_535)}`],
      chunkSeed: this.#options.chunkSeed,
      onGone: (gone) => {
        for (const end of [host, other]) this.#links.get(end)!.delete(gone);
      },
    });
    for (const end of [host, other]) this.#links.get(end)!.add(link);
    return link;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#medium.clock.setTimeout(resolve, milliseconds));
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}
