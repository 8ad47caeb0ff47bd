// Pieces that are given to another member just now: in the background they are left to that one for a moment, since it will announce them. What a source says
// holds for sources, what a member says for all.

import type { Peer } from './peer/peer.ts';

/** A piece that somebody said is for later is asked for again after so long; news of a holder does so at once. */
const LATER_MS = 200;

export class Laters {
  readonly #now: () => number;
  readonly #until = new Map<number, { readonly ms: number; readonly ofAll: boolean }>();

  /** @param now Milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** This peer has said so. */
  add(piece: number, { keepsInRam }: Peer): void {
    this.#until.set(piece, { ms: this.#now() + LATER_MS, ofAll: keepsInRam });
  }

  /** A member has it. */
  delete(piece: number): void {
    this.#until.delete(piece);
  }

  /** This peer is not to be asked for the piece for now. */
  has(piece: number, { keepsInRam }: Peer): boolean {
    const until = this.#until.get(piece);
    if (until === undefined) return false;
    if (until.ms > this.#now()) return until.ofAll || !keepsInRam;
    this.#until.delete(piece);
    return false;
  }
}
