// One member while pieces propose to it: a heap of what it has taken, the worst on top, never more than its capacity. What it would rather have it takes first,
// and what it draws the least for among equals. Pure.

import { exponential, mix } from './placement-keys.ts';

/** More than any draw. */
const NOT_RATHER = 1 << 22;

export class PlacementSide {
  readonly capacity: number;
  readonly #rather: { has(piece: number): boolean } | undefined;
  readonly #seed: number;
  /** In the order of a max-heap by draw, then by number. */
  readonly #pieces: Int32Array;
  readonly #draws: Int32Array;
  #load = 0;

  /** @param rather Pieces that it takes before all others; without it, all are equal. */
  constructor(seed: number, capacity: number, rather?: { has(piece: number): boolean }) {
    this.#seed = seed;
    this.#rather = rather;
    this.capacity = capacity;
    this.#pieces = new Int32Array(capacity);
    this.#draws = new Int32Array(capacity);
  }

  get load(): number {
    return this.#load;
  }

  /** This member's draw for a piece, the smaller the better; divided by the capacity it is the pair's key. */
  draw(piece: number): number {
    return exponential(mix(piece, this.#seed));
  }

  /** Whether it would take the piece now. Once it would not, it never will. */
  wants(piece: number, draw: number): boolean {
    return this.#load < this.capacity || isBefore(this.#rank(piece, draw), piece, this.#draws[0]!, this.#pieces[0]!);
  }

  /** Takes a piece that it wants. @returns The one that it lets go for it, -1 for none. */
  take(piece: number): number {
    const rank = this.#rank(piece, this.draw(piece));
    if (this.#load < this.capacity) {
      this.#sink(rank, piece);
      return -1;
    }
    const worst = this.#pieces[0]!;
    this.#replaceTop(rank, piece);
    return worst;
  }

  #rank(piece: number, draw: number): number {
    return this.#rather && !this.#rather.has(piece) ? draw + NOT_RATHER : draw;
  }

  #sink(draw: number, piece: number): void {
    const [pieces, draws] = [this.#pieces, this.#draws];
    let at = this.#load++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(draws[parent]!, pieces[parent]!, draw, piece)) break;
      pieces[at] = pieces[parent]!;
      draws[at] = draws[parent]!;
      at = parent;
    }
    pieces[at] = piece;
    draws[at] = draw;
  }

  #replaceTop(draw: number, piece: number): void {
    const [pieces, draws] = [this.#pieces, this.#draws];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#load) break;
      if (child + 1 < this.#load && isBefore(draws[child]!, pieces[child]!, draws[child + 1]!, pieces[child + 1]!))
        child++;
      if (!isBefore(draw, piece, draws[child]!, pieces[child]!)) break;
      pieces[at] = pieces[child]!;
      draws[at] = draws[child]!;
      at = child;
    }
    pieces[at] = piece;
    draws[at] = draw;
  }
}

function isBefore(drawA: number, pieceA: number, drawB: number, pieceB: number): boolean {
  return drawA < drawB || (drawA === drawB && pieceA < pieceB);
}
