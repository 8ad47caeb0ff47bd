// The second part of placement: pieces that stayed short of copies, although there is room, get them by swapping. A full member takes the piece and hands one
// of its own to a member with room, over as few members as it takes. Possible whenever the table's sum of capacities is enough.

import type { PlacementTable } from './placement-table.ts';

/** How a member is reached: the one before it hands it `piece`; undefined for one that takes the short piece itself. */
type Step = { readonly member: number; readonly piece: number } | undefined;

export class PlacementSwaps {
  readonly #table: PlacementTable;
  readonly #loads: Int32Array;
  #room: number;

  constructor(table: PlacementTable) {
    this.#table = table;
    this.#loads = Int32Array.from(table.sides, (side) => side.load);
    this.#room = table.sides.reduce((sum, side) => sum + side.capacity - side.load, 0);
  }

  *fill(): Generator<void> {
    const { holders } = this.#table;
    for (let piece = 0; piece < holders.pieceCount && this.#room > 0; piece++) {
      while (this.#room > 0 && holders.count(piece) < holders.target && (yield* this.#swapIn(piece))) this.#room--;
      if (piece % 1024 === 0) yield;
    }
  }

  /** One more copy of `piece` by the shortest chain. @returns false when there is none. */
  *#swapIn(piece: number): Generator<void, boolean> {
    const queue = this.#takers(piece);
    const reached = new Map<number, Step>(queue.map((member) => [member, undefined]));
    for (let at = 0; at < queue.length; at++) {
      const end = this.#endAt(queue[at]!, reached);
      if (end >= 0) {
        this.#apply(piece, end, reached);
        return true;
      }
      this.#widen(queue[at]!, reached, queue);
      yield;
    }
    return false;
  }

  /** The member with room at which a chain that has come to `member` can end: itself, or the one with most room that it can hand a piece to; else -1. */
  #endAt(member: number, reached: Map<number, Step>): number {
    if (this.#roomOf(member) > 0) return member;
    let end = -1;
    for (let other = 0; other < this.#loads.length; other++) {
      if (this.#roomOf(other) <= (end < 0 ? 0 : this.#roomOf(end)) || reached.has(other)) continue;
      if (this.#table.holders.firstOf(member, other) >= 0) end = other;
    }
    if (end >= 0) reached.set(end, { member, piece: this.#handOver(member, end) });
    return end;
  }

  /** Members that could take the piece, those it prefers first. */
  #takers(piece: number): number[] {
    const table = this.#table;
    const members = [...table.sides.keys()].filter((member) => !table.holders.has(piece, member));
    const keys = new Map(members.map((member) => [member, table.key(piece, member)]));
    return members.sort((a, b) => keys.get(a)! - keys.get(b)! || a - b);
  }

  #roomOf(member: number): number {
    return this.#table.sides[member]!.capacity - this.#loads[member]!;
  }

  /** Adds the members that could take one of `member`'s pieces. */
  #widen(member: number, reached: Map<number, Step>, queue: number[]): void {
    for (let other = 0; other < this.#loads.length && reached.size < this.#loads.length; other++) {
      if (reached.has(other)) continue;
      const piece = this.#table.holders.firstOf(member, other);
      if (piece < 0) continue;
      reached.set(other, { member, piece });
      queue.push(other);
    }
  }

  /** The piece of `member` that `other` would like best of those that it does not hold. */
  #handOver(member: number, other: number): number {
    const side = this.#table.sides[other]!;
    let best = -1;
    let bestDraw = Number.POSITIVE_INFINITY;
    for (const piece of this.#table.holders.piecesOf(member, other)) {
      const draw = side.draw(piece);
      if (draw >= bestDraw) continue;
      best = piece;
      bestDraw = draw;
    }
    return best;
  }

  #apply(piece: number, end: number, reached: ReadonlyMap<number, Step>): void {
    const { holders } = this.#table;
    let member = end;
    for (let step = reached.get(member); step; step = reached.get(member)) {
      holders.remove(step.piece, step.member);
      holders.add(step.piece, member);
      member = step.member;
    }
    holders.add(piece, member);
    this.#loads[end]!++;
  }
}
