// What this node says to a peer when they meet: what it has, who it is, what it looks for. Made anew for each, as all of it changes.

import { BitSet } from './bitset.ts';
import { type ExtendedHandshake, type MemberHello, OwnExtension } from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';
import { MAX_QUEUED_REQUESTS } from './peer/uploads.ts';

const CLIENT = 'Viver 0.1';

export interface GreetingOptions {
  readonly pieceCount: number;
  /** The port that this node listens on. */
  port(): number;
  /** What it says of itself. */
  member(): MemberHello;
  /** Connections that it has. */
  connections(): number;
  /** It has the piece, and will go on having it. */
  has(piece: number): boolean;
  /** Of the info dictionary under the name by which the peer came. */
  metadataBytes(peer: Peer): number;
  /** Of the boot trace that members can have here. */
  traceBytes(): number | undefined;
  /** A piece that is waited for here and that no peer has. */
  seeks(): number | undefined;
}

export class Greeting {
  readonly #options: GreetingOptions;

  constructor(options: GreetingOptions) {
    this.#options = options;
  }

  /** Says all of it. @param extended The peer knows BEP 10. */
  send(peer: Peer, extended: boolean): void {
    this.#sendWhatWeHave(peer);
    if (extended) peer.greet(this.hello(peer));
    peer.wire.send({ kind: 'interested' });
  }

  hello(peer: Peer): ExtendedHandshake {
    const { member, connections, metadataBytes } = this.#options;
    const [traceBytes, seeks] = [this.#options.traceBytes(), this.#options.seeks()];
    return {
      ...this.#short(),
      metadataBytes: metadataBytes(peer),
      requestQueue: MAX_QUEUED_REQUESTS,
      member: {
        ...member(),
        connections: connections(),
        ...(traceBytes === undefined ? {} : { traceBytes }),
        ...(seeks === undefined ? {} : { seeks }),
      },
    };
  }

  /** To one for whom there is no room. */
  refusal(): ExtendedHandshake {
    return { ...this.#short(), member: { ...this.#options.member(), full: true } };
  }

  #short(): ExtendedHandshake {
    return { extensions: OwnExtension, port: this.#options.port(), client: CLIENT };
  }

  #sendWhatWeHave(peer: Peer): void {
    const ours = new BitSet(this.#options.pieceCount);
    for (let piece = 0; piece < ours.size; piece++) if (this.#options.has(piece)) ours.add(piece);
    if (peer.fast && ours.count === ours.size) peer.wire.send({ kind: 'haveAll' });
    else if (peer.fast && ours.count === 0) peer.wire.send({ kind: 'haveNone' });
    else if (ours.count > 0) peer.wire.send({ kind: 'bitfield', bits: ours.bytes });
  }
}
