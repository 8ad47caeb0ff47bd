// Who keeps which piece in RAM. Pure and deterministic: every member that knows the same members comes to the same answer, so
// nobody has to be asked and nothing has to be agreed on.
//
// Weighted rendezvous hashing with bounded load. Each (piece, member) pair has a key, an exponentially distributed integer from a hash
// divided by the member's capacity; a piece wants the R members with the smallest keys, a member takes at most its capacity and prefers
// its smallest keys. Since both sides judge by the same key, there is one stable assignment, and a change of the members moves little
// more than it must. Where the bound leaves a piece short although there is room, places are swapped along the shortest chain until all
// have R copies: possible whenever the sum of min(capacity, pieces) is at least R times the pieces.
// R = floor(that sum / pieces), at least 1: below one whole copy, what there is room for is placed.
// Cost: about pieces x members hashes. Medium holders are not members here: they may be pulled out at any moment.

import { BitSet } from './bitset.ts';

/** A node that gives RAM to the field. */
export interface PlacementMember {
  /** The same text on every node. */
  readonly id: string;
  /** Pieces that it can keep, >= 0. */
  readonly capacityPieces: number;
}

export interface Placement {
  /** Copies that every piece has when all is fetched; 0 when the members together cannot hold the image. */
  readonly copies: number;
  /** Ids of the members that are to keep `piece`, the surest one first. */
  ownersOf(piece: number): readonly string[];
  /** What the member with this id is to keep. */
  piecesOf(id: string): BitSet;
}

/** Decides who keeps what. @param pieceCount Pieces of the image. */
export function placePieces(members: readonly PlacementMember[], pieceCount: number): Placement {
  const able = members.filter((member) => member.capacityPieces > 0).sort((a, b) => (a.id < b.id ? -1 : 1));
  const room = able.reduce((sum, member) => sum + Math.min(member.capacityPieces, pieceCount), 0);
  const copies = Math.floor(room / Math.max(1, pieceCount));
  const target = Math.min(Math.max(1, copies), able.length);
  const table = new PlacementTable(able, pieceCount, target);
  table.propose();
  table.swapUntilFilled();
  return {
    copies,
    ownersOf: (piece) => table.holders(piece).map((member) => able[member]!.id),
    piecesOf: (id) => table.piecesOf(able.findIndex((member) => member.id === id)),
  };
}

interface Side {
  readonly seed: number;
  readonly capacity: number;
  /** Max-heap of the pieces taken, worst key on top, while proposing. */
  readonly keys: number[];
  readonly pieces: number[];
}

class PlacementTable {
  readonly #sides: Side[];
  readonly #pieceCount: number;
  readonly #target: number;
  /** Members that hold each piece. */
  readonly #holders: number[][];
  /** How far down its list of members each piece has asked. */
  readonly #asked: Uint16Array;

  constructor(members: readonly PlacementMember[], pieceCount: number, target: number) {
    this.#sides = members.map((member) => ({
      seed: seedOf(member.id),
      capacity: Math.min(member.capacityPieces, pieceCount),
      keys: [],
      pieces: [],
    }));
    this.#pieceCount = pieceCount;
    this.#target = target;
    this.#holders = Array.from({ length: pieceCount }, () => []);
    this.#asked = new Uint16Array(pieceCount);
  }

  holders(piece: number): number[] {
    const holders = this.#holders[piece] ?? [];
    return [...holders].sort((a, b) => this.#key(piece, a) - this.#key(piece, b) || a - b);
  }

  piecesOf(member: number): BitSet {
    const set = new BitSet(this.#pieceCount);
    for (const piece of this.#sides[member]?.pieces ?? []) set.add(piece);
    return set;
  }

  /** Every piece asks members in its order until it has its copies or nobody is left; members refuse their worst. */
  propose(): void {
    const short: number[] = [];
    for (let piece = 0; piece < this.#pieceCount; piece++) this.#askOn(piece, short);
    for (let piece = short.pop(); piece !== undefined; piece = short.pop()) this.#askOn(piece, short);
  }

  #askOn(piece: number, short: number[]): void {
    const order = this.#order(piece);
    while (this.#holders[piece]!.length < this.#target && this.#asked[piece]! < order.length) {
      const member = order[this.#asked[piece]!++]!;
      const refused = this.#offer(piece, member);
      if (refused !== undefined && refused !== piece) short.push(refused);
    }
  }

  /** Members in the order of this piece's keys. */
  #order(piece: number): number[] {
    const keys = this.#sides.map((_, member) => this.#key(piece, member));
    return keys.map((_, member) => member).sort((a, b) => keys[a]! - keys[b]! || a - b);
  }

  /** @returns The piece that the member refuses for it: this one, a worse one that it had taken, or none. */
  #offer(piece: number, member: number): number | undefined {
    const side = this.#sides[member]!;
    const key = this.#key(piece, member);
    if (side.pieces.length >= side.capacity && !isBefore(key, piece, side.keys[0]!, side.pieces[0]!)) return piece;
    pushHeap(side, key, piece);
    this.#holders[piece]!.push(member);
    if (side.pieces.length <= side.capacity) return undefined;
    const worst = popHeap(side);
    const holders = this.#holders[worst]!;
    holders.splice(holders.indexOf(member), 1);
    return worst;
  }

  /** Gives pieces that are short of copies what room there still is, by swapping. The heaps' order is lost here. */
  swapUntilFilled(): void {
    let room = this.#sides.reduce((sum, side) => sum + side.capacity - side.pieces.length, 0);
    for (let piece = 0; piece < this.#pieceCount && room > 0; piece++) {
      while (room > 0 && this.#holders[piece]!.length < this.#target && this.#swapIn(piece)) room--;
    }
  }

  /** One more copy of `piece` by the shortest chain: a full member takes it and hands one of its own to a member with room, and so on. */
  #swapIn(piece: number): boolean {
    const cameFrom = new Map<number, { member: number; piece: number } | undefined>();
    const queue = this.#order(piece).filter((member) => !this.#holders[piece]!.includes(member));
    for (const member of queue) cameFrom.set(member, undefined);
    for (let at = 0; at < queue.length; at++) {
      const member = queue[at]!;
      const side = this.#sides[member]!;
      if (side.pieces.length < side.capacity) {
        this.#applyChain(piece, member, cameFrom);
        return true;
      }
      if (cameFrom.size < this.#sides.length) this.#widen(member, cameFrom, queue);
    }
    return false;
  }

  /** Adds the members that could take one of `member`'s pieces. */
  #widen(member: number, cameFrom: Map<number, unknown>, queue: number[]): void {
    for (const piece of this.#sides[member]!.pieces) {
      for (let other = 0; other < this.#sides.length; other++) {
        if (cameFrom.has(other) || this.#holders[piece]!.includes(other)) continue;
        cameFrom.set(other, { member, piece });
        queue.push(other);
      }
      if (cameFrom.size === this.#sides.length) return;
    }
  }

  #applyChain(
    piece: number,
    end: number,
    cameFrom: ReadonlyMap<number, { member: number; piece: number } | undefined>,
  ): void {
    let member = end;
    for (let step = cameFrom.get(member); step; step = cameFrom.get(member)) {
      this.#move(step.piece, step.member, member);
      member = step.member;
    }
    this.#holders[piece]!.push(member);
    this.#sides[member]!.pieces.push(piece);
  }

  #move(piece: number, from: number, to: number): void {
    const holders = this.#holders[piece]!;
    holders[holders.indexOf(from)] = to;
    const pieces = this.#sides[from]!.pieces;
    pieces.splice(pieces.indexOf(piece), 1);
    this.#sides[to]!.pieces.push(piece);
  }

  #key(piece: number, member: number): number {
    const side = this.#sides[member]!;
    return pieceKey(piece, side.seed, side.capacity);
  }
}

/** Where a member stands for a piece: the smallest key is the first choice. Weighted by what the member can keep. */
export function pieceKey(piece: number, seed: number, capacity: number): number {
  return exponential(mix(piece, seed)) / capacity;
}

/** FNV-1a, 32 bits, of a text. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A 32-bit hash of a piece number and a seed (finalizer of MurmurHash3). */
export function mix(piece: number, seed: number): number {
  let hash = seed ^ Math.imul(piece + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const MANTISSA_BITS = 12;
/** log2(1 + m / 4096) in units of 2^-16; rounded, so that no machine's floating point can make a difference. */
const logOfMantissa = Int32Array.from({ length: 1 << MANTISSA_BITS }, (_, mantissa) =>
  Math.round(Math.log2(1 + mantissa / (1 << MANTISSA_BITS)) * 65_536),
);

/** -log2(hash / 2^32) in units of 2^-16: exponentially distributed, which makes the smallest quotient by weight a fair weighted draw. */
function exponential(hash: number): number {
  const value = hash === 0 ? 1 : hash;
  const power = 31 - Math.clz32(value);
  const mantissa = ((value << (31 - power)) >>> (31 - MANTISSA_BITS)) & ((1 << MANTISSA_BITS) - 1);
  return (32 - power) * 65_536 - logOfMantissa[mantissa]!;
}

function isBefore(keyA: number, pieceA: number, keyB: number, pieceB: number): boolean {
  return keyA < keyB || (keyA === keyB && pieceA < pieceB);
}

function pushHeap({ keys, pieces }: Side, key: number, piece: number): void {
  let at = keys.length;
  keys.push(key);
  pieces.push(piece);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(keys[parent]!, pieces[parent]!, keys[at]!, pieces[at]!)) return;
    swap(keys, pieces, at, parent);
    at = parent;
  }
}

function popHeap({ keys, pieces }: Side): number {
  const last = keys.length - 1;
  swap(keys, pieces, 0, last);
  keys.pop();
  const worst = pieces.pop()!;
  let at = 0;
  for (;;) {
    let worse = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < last && isBefore(keys[worse]!, pieces[worse]!, keys[child]!, pieces[child]!)) worse = child;
    }
    if (worse === at) return worst;
    swap(keys, pieces, at, worse);
    at = worse;
  }
}

function swap(keys: number[], pieces: number[], a: number, b: number): void {
  [keys[a], keys[b]] = [keys[b]!, keys[a]!];
  [pieces[a], pieces[b]] = [pieces[b]!, pieces[a]!];
}
