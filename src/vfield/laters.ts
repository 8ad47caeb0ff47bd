// Pieces that a source gives to another member just now: in the background they are left to that one for a moment, since it will announce them.

/** A piece that somebody said is for later is asked for again after so long; news of a holder does so at once. */
const LATER_MS = 200;

export class Laters {
  readonly #now: () => number;
  readonly #until = new Map<number, number>();

  /** @param now Milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A source has said so. */
  add(piece: number): void {
    this.#until.set(piece, this.#now() + LATER_MS);
  }

  /** A member has it. */
  delete(piece: number): void {
    this.#until.delete(piece);
  }

  /** The piece is to be left alone for now. */
  has(piece: number): boolean {
    const until = this.#until.get(piece);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(piece);
    return false;
  }
}
