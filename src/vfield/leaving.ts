// Letting pieces go, in two phases: first dont-have is announced, then, after a grace time in which requests are still served, the piece is dropped, if
// it may still go then. So of two members that let go at once, each sees the other's dont-have, and both take it back.
//
// Who is short of room for its own pieces lets go what an owner has taken over, and if that is not enough, surplus copies. Who holds more than its share
// allows (it has become smaller) also lets go last copies in RAM, but only of what the whole room has no room for. Without any share (a machine at the end
// of its memory) the room has some seconds to take over, then the rest goes. What nobody else in reach has, in RAM or on a medium, stays in any case: a root
// that waits for ever is worse than a program that is ended.

import type { Availability } from './availability.ts';
import type { Clock } from './clock.ts';
import type { Others } from './others.ts';
import type { Placement } from './placement.ts';
import { DEMAND_SLOTS } from './share.ts';
import type { PieceStore } from './store.ts';

/** Between dont-have and the drop. */
const GRACE_MS = 500;
/** Pieces let go at a time, so that others can follow; or a part of what there is to let go, if that is more. */
const MAX_LEAVING = 64;
const LEAVING_PART = 4;
/** Pieces looked at in one go: some milliseconds with 200 members. */
const LOOKED_AT = 1_024;
/** Without any share, how long pieces wait for somebody to take them over. */
const LAST_WAIT_MS = 10_000;

export interface LeavingOptions {
  readonly clock: Clock;
  readonly store: PieceStore;
  readonly availability: Availability;
  readonly others: Others;
  readonly pieceCount: number;
  /** Tells all peers that we have, or will no longer have, a piece. */
  announce(piece: number, have: boolean): void;
}

/** What of this node's affairs decides about letting go. */
export interface LeavingNeeds {
  /** Pieces that it may hold at most, and since when, on the clock. */
  readonly most: number;
  readonly since: number;
  /** Pieces that have to go so that all of its own have room. */
  readonly excess: number;
  readonly owned: { has(piece: number): boolean };
  readonly placement: Placement;
}

export class Leaving {
  readonly #options: LeavingOptions;
  /** Pieces announced as leaving, and when they may go. */
  readonly #dueAt = new Map<number, number>();
  #lookAt = 0;

  constructor(options: LeavingOptions) {
    this.#options = options;
  }

  has(piece: number): boolean {
    return this.#dueAt.has(piece);
  }

  /** The piece stays after all. */
  stay(piece: number): void {
    if (this.#dueAt.delete(piece)) this.#options.announce(piece, true);
  }

  /** Drops what is due, or takes it back. @returns true when there was any. */
  finish(needs: LeavingNeeds): boolean {
    const now = this.#options.clock.now();
    const due = [...this.#dueAt].filter(([, dueAt]) => dueAt <= now);
    for (const [piece] of due) {
      this.#dueAt.delete(piece);
      if (this.#mayGo(piece, needs, this.#options.store.kept.count)) this.#options.store.release(piece);
      else this.#options.announce(piece, true);
    }
    return due.length > 0;
  }

  /** Announces what goes next. */
  begin(needs: LeavingNeeds): void {
    const { store, clock } = this.#options;
    let excess = needs.excess - this.#dueAt.size;
    const most = Math.max(MAX_LEAVING, Math.ceil(needs.excess / LEAVING_PART));
    for (const piece of excess > 0 ? this.#nextPieces() : []) {
      if (excess <= 0 || this.#dueAt.size >= most) return;
      if (this.#dueAt.has(piece) || !this.#mayGo(piece, needs, store.kept.count - this.#dueAt.size)) continue;
      this.#dueAt.set(piece, clock.now() + GRACE_MS);
      this.#options.announce(piece, false);
      excess--;
    }
  }

  /** Some of the kept pieces, others each time; those that somebody else has, be it on a medium, come first. */
  #nextPieces(): number[] {
    const { store, pieceCount, availability } = this.#options;
    const [alone, shared]: [number[], number[]] = [[], []];
    for (let seen = 0; seen < pieceCount && alone.length + shared.length < LOOKED_AT; seen++) {
      this.#lookAt = (this.#lookAt + 1) % pieceCount;
      if (store.kept.has(this.#lookAt)) (availability.holders[this.#lookAt] ? shared : alone).push(this.#lookAt);
    }
    return [...shared, ...alone];
  }

  /** @param kept Pieces that this node would hold for the room with it. */
  #mayGo(piece: number, { owned, placement, most, since }: LeavingNeeds, kept: number): boolean {
    const { others, availability, clock, store } = this.#options;
    if (owned.has(piece) || availability.holders[piece] === 0) return false;
    const owners = placement.ownersOf(piece);
    if (others.isHeldBy(piece, owners)) return true;
    const over = kept > most;
    const stuck = kept >= store.slots - DEMAND_SLOTS;
    if ((over || stuck) && availability.ramHolders[piece]! > 0 && others.isKeptRather(piece, over)) return true;
    if (!over) return false;
    if (placement.copies === 0 && others.areFull(owners)) return true;
    return most === 0 && clock.now() - since >= LAST_WAIT_MS;
  }
}
