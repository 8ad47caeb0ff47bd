// Fetching ahead along the boot trace: the pieces that a boot will read next are fetched before the kernel asks for them. Follows where the reader is in the
// trace; stays a bounded way ahead of it, since what is fetched too early would push out what is read next. Owns the position; bytes are the store's.

import type { BitSet } from './bitset.ts';
import type { PieceStore } from './store.ts';

/** Pieces ahead of the reader: 16 MiB of 128 KiB pieces, what 1 Gbit/s brings in 140 ms. */
const MAX_AHEAD = 128;

export class FetchAhead {
  readonly #store: PieceStore;
  #trace: readonly number[] = [];
  /** Where in the trace each piece is; -1 where it is not. */
  readonly #places: Int32Array;
  /** First place in the trace that was not read yet. */
  #position = 0;

  constructor(store: PieceStore, pieceCount: number) {
    this.#store = store;
    this.#places = new Int32Array(pieceCount).fill(-1);
  }

  /** The trace has become known: pieces in the order in which a boot first reads them, each once. */
  follow(trace: readonly number[]): void {
    this.#trace = trace;
    this.#position = 0;
    this.#places.fill(-1);
    trace.forEach((piece, place) => {
      this.#places[piece] = place;
    });
  }

  /** Pieces of the trace that the reader has not come to. */
  get left(): number {
    return this.#trace.length - this.#position;
  }

  /** The reader wants this piece. @returns true when it has moved on along the trace. */
  reached(piece: number): boolean {
    const place = this.#places[piece]!;
    if (place < this.#position) return false;
    this.#position = place + 1;
    return true;
  }

  /** Whether it is one of those to be fetched now. */
  wants(piece: number): boolean {
    const place = this.#places[piece]!;
    return place >= this.#position && place < this.#position + this.#depth();
  }

  /** The next piece to fetch ahead from a peer with these pieces, or undefined. @param mayAsk Whether this peer is to be asked for it. */
  next(has: BitSet, busy: ReadonlyMap<number, unknown>, mayAsk: (piece: number) => boolean): number | undefined {
    const end = Math.min(this.#trace.length, this.#position + this.#depth());
    for (let place = this.#position; place < end; place++) {
      const piece = this.#trace[place]!;
      if (has.has(piece) && !busy.has(piece) && !this.#store.has(piece) && mayAsk(piece)) return piece;
    }
    return undefined;
  }

  /** Three quarters of what is not kept: the rest is for what is asked for beside the trace. */
  #depth(): number {
    return Math.min(MAX_AHEAD, ((this.#store.slots - this.#store.kept.count) * 3) >> 2);
  }
}
