// The pieces that are wanted now: a fetch for each, from the first demand or the first request until it is here or nobody wants it any more. Owns the fetches, and
// which of them somebody waits for.

import { type Fetch, newFetch } from './attempt.ts';

export class Wanted {
  readonly #fetches = new Map<number, Fetch>();
  readonly #urgent = new Set<Fetch>();

  /** All of them, by piece. */
  get fetches(): ReadonlyMap<number, Fetch> {
    return this.#fetches;
  }

  /** Those that somebody waits for, the longest waiting first. */
  get urgent(): ReadonlySet<Fetch> {
    return this.#urgent;
  }

  /** Pieces that somebody on this node waits for. */
  get waitingPieces(): number {
    let waiting = 0;
    for (const fetch of this.#urgent) if (fetch.own) waiting++;
    return waiting;
  }

  /** The first of those pieces, waited for at `latest` already, of which `matches` says so. */
  waitedFor(latest: number, matches: (piece: number) => boolean): number | undefined {
    for (const { own, ownSince, piece } of this.#urgent) if (own && ownSince <= latest && matches(piece)) return piece;
    return undefined;
  }

  /** The fetch of a piece, a new one if there is none. */
  of(piece: number): Fetch {
    let fetch = this.#fetches.get(piece);
    if (!fetch) {
      fetch = newFetch(piece);
      this.#fetches.set(piece, fetch);
    }
    return fetch;
  }

  /** `waiter` waits for it from now on. */
  addWaiter(fetch: Fetch, waiter: (bytes: Uint8Array) => void): void {
    fetch.waiters.add(waiter);
    this.#urgent.add(fetch);
  }

  /** The piece is here. */
  delete(fetch: Fetch): void {
    this.#fetches.delete(fetch.piece);
    this.#urgent.delete(fetch);
  }

  /** Forgets a fetch for which nobody waits and nothing is under way. */
  forgetUnwanted(fetch: Fetch): void {
    if (fetch.waiters.size > 0 || fetch.checked) return;
    this.#urgent.delete(fetch);
    if (fetch.attempts.length === 0 && this.#fetches.get(fetch.piece) === fetch) this.#fetches.delete(fetch.piece);
  }

  clear(): void {
    this.#urgent.clear();
    this.#fetches.clear();
  }
}
