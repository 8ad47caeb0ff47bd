// A connection between two hosts: two streams, and for each end what its owner holds. Knows when the connection is over; the network tells it
// of power cuts.

import { mix } from '../../src/vfield/placement.ts';
import type { Duplex, DuplexHandlers, DuplexOwner } from '../../src/vfield/transport.ts';
import type { Host } from './host.ts';
import type { Medium } from './medium.ts';
import { Stream } from './stream.ts';

export interface LinkOptions {
  readonly medium: Medium;
  /** Who connected, and to whom. */
  readonly hosts: readonly [Host, Host];
  /** What each end calls the other. */
  readonly addresses: readonly [string, string];
  /** With a seed, what is sent arrives cut at random places. */
  readonly chunkSeed: number | undefined;
  onGone(link: Link): void;
}

export class Link {
  readonly options: LinkOptions;
  readonly ends: readonly [LinkEnd, LinkEnd];
  #mute = false;

  constructor(options: LinkOptions) {
    this.options = options;
    const ends = [new LinkEnd(this, 0), new LinkEnd(this, 1)] as const;
    ends[0].join(ends[1]);
    ends[1].join(ends[0]);
    this.ends = ends;
  }

  /** One host lost its power without a word: nothing is said any more, in either direction. */
  get isMute(): boolean {
    return this.#mute;
  }

  own(accept: DuplexOwner, connect: DuplexOwner): void {
    this.ends[1].own(accept);
    this.ends[0].own(connect);
  }

  reset(): void {
    this.options.onGone(this);
    for (const end of this.ends) end.fail('connection reset');
  }

  mute(): void {
    this.#mute = true;
    for (const end of this.ends) end.out.kill();
  }

  resume(): void {
    for (const end of this.ends) end.out.resume();
  }

  /** Who sends to a host that has started anew since is told that there is no such connection. */
  answerFromNewStart(): void {
    const { medium, hosts } = this.options;
    if (!medium.passes(hosts[0].name, hosts[1].name)) return;
    const roundTripMs = 2 * medium.latencyMs(hosts[0].name, hosts[1].name);
    medium.clock.setTimeout(() => this.reset(), roundTripMs);
  }
}

/** What the owner of one end holds. */
export class LinkEnd implements Duplex {
  readonly remoteAddress: string;
  out!: Stream;
  #other!: LinkEnd;
  readonly #link: Link;
  readonly #side: 0 | 1;
  #handlers: DuplexHandlers | undefined;
  #closed = false;
  #chunks = 0;

  constructor(link: Link, side: 0 | 1) {
    this.#link = link;
    this.#side = side;
    this.remoteAddress = link.options.addresses[side];
  }

  join(other: LinkEnd): void {
    const { medium, hosts } = this.#link.options;
    this.#other = other;
    const receiver = {
      onBytes: (bytes: Uint8Array) => other.#receive(bytes),
      onEnd: () => other.fail('closed by the other side'),
    };
    this.out = new Stream(medium, hosts[this.#side]!, hosts[1 - this.#side]!, receiver, () => this.#drain());
  }

  own(owner: DuplexOwner): void {
    this.#handlers = owner(this);
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    if (this.#closed) return true;
    if (this.#link.isMute) this.#link.answerFromNewStart();
    return this.out.write(bytes, sent);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.out.end();
    if (this.#link.isMute || this.#other.#closed) this.#link.options.onGone(this.#link);
  }

  /** The connection is over for this end; its owner is told unless it has closed itself. */
  fail(reason: string): void {
    this.#link.options.onGone(this.#link);
    this.out.kill();
    this.#other.out.kill();
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.onClose(reason);
  }

  #drain(): void {
    if (!this.#closed) this.#handlers?.onDrain();
  }

  /** @returns false when this end is closed. */
  #receive(bytes: Uint8Array): boolean {
    const { chunkSeed } = this.#link.options;
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      const left = bytes.length - at;
      const count = chunkSeed === undefined ? left : 1 + (mix(this.#chunks++, chunkSeed) % left);
      this.#handlers?.onData(bytes.subarray(at, at + count));
      at += count;
    }
    return !this.#closed;
  }
}
