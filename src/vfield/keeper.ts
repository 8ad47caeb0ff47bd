// What this node keeps in RAM for the room: asks placement what is its own, says what to fetch next in the background, which verified piece
// is kept, and what leaves (leaving.ts). Decides only; the store holds the bytes, the swarm talks to peers.

import type { Availability } from './availability.ts';
import { BitSet } from './bitset.ts';
import type { Clock } from './clock.ts';
import { Leaving, type LeavingNeeds } from './leaving.ts';
import type { Others } from './others.ts';
import { mix, type Placement, seedOf } from './placement.ts';
import { DEMAND_SLOTS } from './share.ts';
import type { PieceStore } from './store.ts';

/** The order of the background is made anew so often at most. */
const ORDER_MS = 250;

export interface KeeperOptions {
  readonly clock: Clock;
  readonly store: PieceStore;
  readonly availability: Availability;
  readonly others: Others;
  readonly pieceCount: number;
  readonly limits: KeeperLimits;
  readonly ownId: string;
  /** Tells all peers that we have, or will no longer have, a piece. */
  announce(piece: number, have: boolean): void;
}

export interface KeeperLimits {
  /** Pieces that this node may keep; 0 for one that serves from its medium. */
  readonly capacity: number;
  /** Pieces that it may hold for a while, until others have taken over. */
  readonly most: number;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #placement: Placement | undefined;
  #owned: BitSet;
  #ownedKept = 0;
  /** All pieces in an order of our own, so that members do not all ask for the same. */
  readonly #shuffled: readonly number[];
  #order: number[] = [];
  #orderAt = 0;
  #orderMadeAt = Number.NEGATIVE_INFINITY;
  #dirty = true;
  #limits: KeeperLimits;
  #limitsSince: number;
  readonly #leaving: Leaving;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#limitsSince = options.clock.now();
    this.#leaving = new Leaving(options);
    this.#owned = new BitSet(options.pieceCount);
    const seed = seedOf(options.ownId);
    const pieces = Array.from({ length: options.pieceCount }, (_, piece) => piece);
    this.#shuffled = pieces.sort((a, b) => mix(a, seed) - mix(b, seed));
  }

  /** Pieces that placement gives to this node. */
  get owned(): BitSet {
    return this.#owned;
  }

  get placement(): Placement | undefined {
    return this.#placement;
  }

  /** Takes effect with the placement that follows from it: what has to leave depends on who takes it over. */
  set limits(limits: KeeperLimits) {
    this.#limits = limits;
    this.#limitsSince = this.#options.clock.now();
    this.#dirty = true;
  }

  /** The members of the room, or their shares, have changed. */
  place(placement: Placement): void {
    this.#placement = placement;
    this.#owned = placement.piecesOf(this.#options.ownId);
    this.#ownedKept = 0;
    for (const piece of this.#owned) {
      if (this.#options.store.kept.has(piece)) this.#ownedKept++;
      this.#leaving.stay(piece);
    }
    this.#keepCached();
    this.#dirty = true;
  }

  /** News from peers: the order of the background may no longer be the best. */
  touch(): void {
    this.#dirty = true;
  }

  /** Whether a piece that has just been verified is to be kept and announced. */
  shouldKeep(piece: number): boolean {
    if (this.#owned.has(piece)) return this.#mayKeepOwned();
    return this.#roomForRest() > 0 || this.#isOnlyHere(piece);
  }

  /** No other member has it: it is shown to the others although it takes the place of one of ours, until its owner has it. */
  #isOnlyHere(piece: number): boolean {
    const { availability, store } = this.#options;
    return availability.ramHolders[piece] === 0 && store.kept.count < this.#limits.capacity;
  }

  /** A verified piece has been kept. */
  onKept(piece: number): void {
    if (this.#owned.has(piece)) this.#ownedKept++;
    this.#options.announce(piece, true);
  }

  /**
   * The next piece to fetch from a peer with these pieces: the rarest of our own, then the rarest of the rest while there is room.
   * @param mayAsk Whether this peer is to be asked for it.
   */
  next(has: BitSet, busy: ReadonlyMap<number, unknown>, mayAsk: (piece: number) => boolean): number | undefined {
    if (this.#dirty) this.#makeOrder();
    const { store } = this.#options;
    while (this.#orderAt < this.#order.length && store.kept.has(this.#order[this.#orderAt]!)) this.#orderAt++;
    for (let at = this.#orderAt; at < this.#order.length; at++) {
      const piece = this.#order[at]!;
      if (has.has(piece) && !store.has(piece) && !busy.has(piece) && mayAsk(piece) && this.shouldKeep(piece))
        return piece;
    }
    return undefined;
  }

  /** Every few hundred ms: lets go where room is needed. @returns true when the background may find new work. */
  tick(): boolean {
    const needs = this.#needs();
    if (needs && this.#leaving.finish(needs)) this.#dirty = true;
    this.#keepCached();
    if (needs) this.#leaving.begin(needs);
    return this.#dirty || this.#ownedKept < this.#owned.count;
  }

  /** Pieces announced but on their way out count as not had. */
  isLeaving(piece: number): boolean {
    return this.#leaving.has(piece);
  }

  /** Pieces of our own that were only cached, for want of room or because they were not ours yet. */
  #keepCached(): void {
    if (this.#ownedKept === this.#owned.count) return;
    for (const piece of this.#owned) {
      if (this.#mayKeepOwned() && this.#options.store.keep(piece)) this.onKept(piece);
    }
  }

  #mayKeepOwned(): boolean {
    const { store } = this.#options;
    return store.kept.count < store.slots - DEMAND_SLOTS;
  }

  /** Room for pieces that are not our own, when all of ours have theirs. */
  #roomForRest(): number {
    const missing = this.#owned.count - this.#ownedKept;
    return this.#limits.capacity - this.#options.store.kept.count - missing;
  }

  #makeOrder(): void {
    const now = this.#options.clock.now();
    if (now - this.#orderMadeAt < ORDER_MS) return;
    this.#orderMadeAt = now;
    this.#dirty = false;
    const own: number[] = [];
    const rest: number[] = [];
    const { store, availability } = this.#options;
    for (const piece of this.#shuffled) {
      if (availability.holders[piece] === 0 || store.kept.has(piece)) continue;
      if (this.#owned.has(piece)) own.push(piece);
      else rest.push(piece);
    }
    const room = Math.max(0, this.#roomForRest());
    const copies = availability.ramHolders;
    this.#order = [...rarestFirst(own, copies), ...(room > 0 ? rarestFirst(rest, copies).slice(0, room) : [])];
    this.#orderAt = 0;
  }

  #needs(): LeavingNeeds | undefined {
    const placement = this.#placement;
    return (
      placement && {
        placement,
        owned: this.#owned,
        most: this.#limits.most,
        since: this.#limitsSince,
        excess: -this.#roomForRest(),
      }
    );
  }
}

/** Sorts by the number of copies; equal ones stay as they are. In one pass, since all pieces of an image may be in it. */
function rarestFirst(pieces: readonly number[], copies: Uint16Array): number[] {
  const byCopies: number[][] = [];
  for (const piece of pieces) {
    byCopies[copies[piece]!] ??= [];
    byCopies[copies[piece]!]!.push(piece);
  }
  return byCopies.flat();
}
