// The first part of placement: every piece proposes to members in the order of its keys until it has its copies, a full member refuses its worst. Whatever the
// order of the proposals, the same stable assignment comes out. A generator, so that its caller can do other work in between.

import { PlacementHolders } from './placement-holders.ts';
import type { PlacementSide } from './placement-side.ts';

/** Members that a piece looks up at a time, beyond the copies that it needs. */
const SPARE_CANDIDATES = 8;
/** Pieces between two pauses: some 20 microseconds with 200 members. */
const PIECES_PER_STEP = 8;

export class PlacementTable {
  readonly sides: readonly PlacementSide[];
  readonly holders: PlacementHolders;
  /** The next members that each piece asks, `#ahead` places for each. */
  readonly #candidates: Uint16Array;
  readonly #ahead: number;
  readonly #at: Uint16Array;
  readonly #listed: Uint16Array;
  /** For #list: keys of the best candidates found so far, and who they are. */
  readonly #bestKeys: Float64Array;
  readonly #best: Uint16Array;
  readonly #short: number[] = [];

  constructor(sides: readonly PlacementSide[], pieceCount: number, target: number) {
    this.sides = sides;
    this.holders = new PlacementHolders(pieceCount, sides.length, target);
    this.#ahead = Math.min(sides.length, target + SPARE_CANDIDATES);
    this.#candidates = new Uint16Array(pieceCount * this.#ahead);
    this.#at = new Uint16Array(pieceCount);
    this.#listed = new Uint16Array(pieceCount);
    this.#bestKeys = new Float64Array(this.#ahead);
    this.#best = new Uint16Array(this.#ahead);
  }

  /** The pair's key: of two members the piece prefers the one with the smaller, then the one of the smaller number. */
  key(piece: number, member: number): number {
    const side = this.sides[member]!;
    return side.draw(piece) / side.capacity;
  }

  /** Fills the table; what a member holds is in `holders` alone afterwards. */
  *propose(): Generator<void> {
    for (let piece = 0; piece < this.holders.pieceCount; piece++) {
      this.#ask(piece);
      if (piece % PIECES_PER_STEP === 0) yield;
    }
    for (let steps = 1; this.#short.length > 0; steps++) {
      this.#ask(this.#short.pop()!);
      if (steps % PIECES_PER_STEP === 0) yield;
    }
  }

  #ask(piece: number): void {
    const { holders } = this;
    while (holders.count(piece) < holders.target) {
      const member = this.#nextCandidate(piece);
      if (member < 0) return;
      const side = this.sides[member]!;
      if (!side.wants(piece, side.draw(piece))) continue;
      const refused = side.take(piece);
      if (refused >= 0) {
        holders.remove(refused, member);
        this.#short.push(refused);
      }
      holders.add(piece, member);
    }
  }

  /** @returns -1 when nobody is left who could want it. */
  #nextCandidate(piece: number): number {
    if (this.#at[piece] === this.#listed[piece] && !this.#list(piece)) return -1;
    return this.#candidates[piece * this.#ahead + this.#at[piece]!++]!;
  }

  /** Lists the best members behind those listed before, without those that would refuse. @returns false when there is none. */
  #list(piece: number): boolean {
    const start = piece * this.#ahead;
    const last = this.#listed[piece] ? this.#candidates[start + this.#listed[piece]! - 1]! : -1;
    const lastKey = last < 0 ? -1 : this.key(piece, last);
    let found = 0;
    for (let member = 0; member < this.sides.length; member++) {
      const side = this.sides[member]!;
      const draw = side.draw(piece);
      const key = draw / side.capacity;
      if (key < lastKey || (key === lastKey && member <= last)) continue;
      if (found === this.#ahead && key >= this.#bestKeys[found - 1]!) continue;
      if (side.wants(piece, draw)) found = this.#insert(key, member, found);
    }
    if (found === 0) return false;
    this.#candidates.set(found === this.#ahead ? this.#best : this.#best.subarray(0, found), start);
    this.#listed[piece] = found;
    this.#at[piece] = 0;
    return true;
  }

  /** Puts a candidate into its place among the best `found`. @returns How many there are now. */
  #insert(key: number, member: number, found: number): number {
    let at = Math.min(found, this.#ahead - 1);
    for (; at > 0 && this.#bestKeys[at - 1]! > key; at--) {
      this.#bestKeys[at] = this.#bestKeys[at - 1]!;
      this.#best[at] = this.#best[at - 1]!;
    }
    this.#bestKeys[at] = key;
    this.#best[at] = member;
    return Math.min(found + 1, this.#ahead);
  }
}
