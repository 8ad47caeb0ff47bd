// Pieces that this node fetches because another member waits for them: it is their first owner (first-owners.ts), and is asked before it has them. The blocks
// asked for go out as soon as the piece is here. Owns the requests that wait; the fetch itself is an ordinary demand.

import type { BlockRange } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';

/** Pieces fetched for others at once; more is refused, and asked for elsewhere. */
export const MAX_RELAYED_PIECES = 256;
/** Requests that wait for one of them: a piece of 16 MiB in blocks of 16 KiB, four times over. */
export const MAX_RELAYED_REQUESTS = 4_096;

interface Relay {
  waiting: { readonly peer: Peer; readonly range: BlockRange }[];
  readonly forget: () => void;
}

export class Relays {
  readonly #demand: (piece: number, arrived: () => void) => () => void;
  readonly #serve: (peer: Peer, range: BlockRange) => void;
  readonly #relays = new Map<number, Relay>();

  /** @param demand Fetches a piece, calls back, and returns how to forget it. @param serve Sends a block of a piece that has come. */
  constructor(
    demand: (piece: number, arrived: () => void) => () => void,
    serve: (peer: Peer, range: BlockRange) => void,
  ) {
    this.#demand = demand;
    this.#serve = serve;
  }

  /** @returns false when too much waits already. */
  add(peer: Peer, range: BlockRange): boolean {
    const { piece } = range;
    let relay = this.#relays.get(piece);
    if (!relay) {
      if (this.#relays.size >= MAX_RELAYED_PIECES) return false;
      relay = { waiting: [], forget: this.#demand(piece, () => this.#arrived(piece)) };
      this.#relays.set(piece, relay);
    }
    if (relay.waiting.length >= MAX_RELAYED_REQUESTS) return false;
    relay.waiting.push({ peer, range });
    return true;
  }

  cancel(peer: Peer, { piece, begin }: BlockRange): void {
    this.#drop(piece, (waiting) => waiting.peer === peer && waiting.range.begin === begin);
  }

  onGone(peer: Peer): void {
    for (const piece of [...this.#relays.keys()]) this.#drop(piece, (waiting) => waiting.peer === peer);
  }

  #drop(piece: number, isOut: (waiting: { peer: Peer; range: BlockRange }) => boolean): void {
    const relay = this.#relays.get(piece);
    if (!relay) return;
    relay.waiting = relay.waiting.filter((waiting) => !isOut(waiting));
    if (relay.waiting.length > 0) return;
    this.#relays.delete(piece);
    relay.forget();
  }

  #arrived(piece: number): void {
    const relay = this.#relays.get(piece);
    this.#relays.delete(piece);
    for (const { peer, range } of relay?.waiting ?? []) this.#serve(peer, range);
  }
}
