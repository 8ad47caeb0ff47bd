// Which members hold each piece, and which pieces each member holds: the table that placement fills. Plain bookkeeping in typed arrays.

export class PlacementHolders {
  readonly pieceCount: number;
  readonly members: number;
  /** Copies that a piece gets at most. */
  readonly target: number;
  /** `target` places for each piece. */
  readonly #holders: Uint16Array;
  readonly #counts: Uint16Array;
  /** One bit for each pair, a row for each member. */
  readonly #bits: Uint32Array;
  readonly #rowWords: number;

  constructor(pieceCount: number, members: number, target: number) {
    this.pieceCount = pieceCount;
    this.members = members;
    this.target = target;
    this.#holders = new Uint16Array(pieceCount * target);
    this.#counts = new Uint16Array(pieceCount);
    this.#rowWords = (pieceCount + 31) >>> 5;
    this.#bits = new Uint32Array(members * this.#rowWords);
  }

  count(piece: number): number {
    return this.#counts[piece]!;
  }

  /** The members that hold `piece`: a view, valid until it changes. */
  of(piece: number): Uint16Array {
    const start = piece * this.target;
    return this.#holders.subarray(start, start + this.#counts[piece]!);
  }

  has(piece: number, member: number): boolean {
    return (this.#bits[member * this.#rowWords + (piece >>> 5)]! & (1 << (piece & 31))) !== 0;
  }

  add(piece: number, member: number): void {
    this.#holders[piece * this.target + this.#counts[piece]!++] = member;
    this.#flip(piece, member);
  }

  remove(piece: number, member: number): void {
    const holders = this.of(piece);
    holders[holders.indexOf(member)] = holders[holders.length - 1]!;
    this.#counts[piece]!--;
    this.#flip(piece, member);
  }

  /** Pieces of `member` that `other` does not hold (all of them without `other`), in order. */
  *piecesOf(member: number, other = -1): Generator<number> {
    const row = member * this.#rowWords;
    for (let word = 0; word < this.#rowWords; word++) {
      let bits = this.#bits[row + word]!;
      if (other >= 0) bits &= ~this.#bits[other * this.#rowWords + word]!;
      for (; bits !== 0; bits &= bits - 1) yield (word << 5) + 31 - Math.clz32(bits & -bits);
    }
  }

  /** The first piece of `member` that `other` does not hold; -1 for none. */
  firstOf(member: number, other: number): number {
    const row = member * this.#rowWords;
    const otherRow = other * this.#rowWords;
    for (let word = 0; word < this.#rowWords; word++) {
      const bits = this.#bits[row + word]! & ~this.#bits[otherRow + word]!;
      if (bits !== 0) return (word << 5) + 31 - Math.clz32(bits & -bits);
    }
    return -1;
  }

  #flip(piece: number, member: number): void {
    this.#bits[member * this.#rowWords + (piece >>> 5)]! ^= 1 << (piece & 31);
  }
}
