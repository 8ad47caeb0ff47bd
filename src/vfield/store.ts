// The pieces that this node holds in RAM: a bounded store of verified pieces in slots of one piece each. Who may be kept and who goes
// is decided by keeper.ts; the memory is slots.ts. Slots are also what a piece is assembled in, so that their number is the whole budget.
//
// A held piece is `kept` (announced to peers; leaves only through keeper.ts) or `cached` (never announced, so it may go at any time, least
// recently used first). The budget may change while pieces are held: `settle` then works towards it, as far as kept pieces allow.

import { BitSet } from './bitset.ts';
import { MIN_SLOTS } from './share.ts';
import { heapMemory, type SlotMemory } from './slot-memory.ts';
import { Slots } from './slots.ts';

/** Pieces moved in one go while the store becomes smaller: some 0.3 ms. */
const MOVES_AT_ONCE = 8;

export interface StoreShape {
  readonly pieceBytes: number;
  readonly pieceCount: number;
  /** Of the whole image: the last piece may be shorter. */
  readonly lengthBytes: number;
}

export class PieceStore {
  /** Pieces that are announced. */
  readonly kept: BitSet;
  readonly #shape: StoreShape;
  readonly #memory: Slots;
  #wanted: number;
  #settled = true;
  readonly #keptSlots = new Map<number, number>();
  /** In the order of use, the longest unused first. */
  readonly #cachedSlots = new Map<number, number>();

  constructor(shape: StoreShape, slots: number, memory: SlotMemory = heapMemory) {
    this.#shape = shape;
    this.#wanted = this.#useful(slots);
    this.#memory = new Slots(shape.pieceBytes, this.#wanted, memory);
    this.kept = new BitSet(shape.pieceCount);
  }

  /** The budget at the moment. While it shrinks it is what kept pieces and a few transfers take. */
  get slots(): number {
    return this.#memory.limit;
  }

  /** Pieces held, kept and cached. */
  get held(): number {
    return this.#keptSlots.size + this.#cachedSlots.size;
  }

  /** Bytes of memory taken at the moment. */
  get allocatedBytes(): number {
    return this.#memory.allocatedBytes;
  }

  has(piece: number): boolean {
    return this.#keptSlots.has(piece) || this.#cachedSlots.has(piece);
  }

  /** The bytes of a held piece: a view, valid until the caller returns to the event loop. Counts as a use. */
  get(piece: number): Uint8Array | undefined {
    const kept = this.#keptSlots.get(piece);
    if (kept !== undefined) return this.slotBytes(kept, piece);
    const cached = this.#cachedSlots.get(piece);
    if (cached === undefined) return undefined;
    this.#cachedSlots.delete(piece);
    this.#cachedSlots.set(piece, cached);
    return this.slotBytes(cached, piece);
  }

  /** A slot to assemble a piece in, at the price of a cached piece if need be; undefined when all are kept or in use. */
  takeSlot(): number | undefined {
    let slot = this.#memory.take();
    while (slot === undefined && this.#dropOldest()) slot = this.#memory.take();
    return slot;
  }

  giveBack(slot: number): void {
    this.#memory.give(slot);
  }

  /** The memory of `slot` as far as `piece` needs it: a view, valid until the caller returns to the event loop. */
  slotBytes(slot: number, piece: number): Uint8Array {
    return this.#memory.bytes(slot, this.pieceLength(piece));
  }

  /** Bytes of `piece`: all pieces but the last are whole. */
  pieceLength(piece: number): number {
    const { pieceBytes, lengthBytes } = this.#shape;
    return Math.min(pieceBytes, lengthBytes - piece * pieceBytes);
  }

  /** Takes over a slot that now holds `piece`, verified; it may have come by another way meanwhile. @returns Whether it is newly kept. */
  put(piece: number, slot: number, kept: boolean): boolean {
    if (this.has(piece)) {
      this.giveBack(slot);
      return kept && this.keep(piece);
    }
    (kept ? this.#keptSlots : this.#cachedSlots).set(piece, slot);
    return kept && this.kept.add(piece);
  }

  /** A cached piece becomes a kept one. @returns false when it was not cached. */
  keep(piece: number): boolean {
    const slot = this.#cachedSlots.get(piece);
    if (slot === undefined) return false;
    this.#cachedSlots.delete(piece);
    this.#keptSlots.set(piece, slot);
    this.kept.add(piece);
    return true;
  }

  /** A kept piece becomes a cached one. */
  release(piece: number): void {
    const slot = this.#keptSlots.get(piece);
    if (slot === undefined) return;
    this.#keptSlots.delete(piece);
    this.kept.delete(piece);
    this.#cachedSlots.set(piece, slot);
  }

  /** Another budget from now on; a smaller one is reached by `settle`. */
  resize(slots: number): void {
    this.#wanted = this.#useful(slots);
    this.#settled = false;
    if (this.#wanted > this.slots) this.#memory.resize(this.#wanted);
  }

  /**
   * Works towards a smaller budget for a moment: drops cached pieces, moves kept ones together, gives memory back. Called from a turn of its own, when
   * nobody holds a view. @returns true when it moved something and may go on at once; false when it has to wait for pieces to leave, or is done.
   */
  settle(): boolean {
    if (this.#settled) return false;
    const limit = Math.max(this.#wanted, this.#keptSlots.size + MIN_SLOTS);
    if (limit < this.slots) this.#memory.resize(limit);
    for (const [piece, slot] of this.#cachedSlots) {
      if (slot < this.slots) continue;
      this.#cachedSlots.delete(piece);
      this.giveBack(slot);
    }
    const moved = this.#moveTogether();
    const trimmed = this.#memory.trim();
    this.#settled = this.slots === this.#wanted && trimmed && !moved;
    return moved;
  }

  #useful(slots: number): number {
    return Math.min(slots, this.#shape.pieceCount + MIN_SLOTS);
  }

  #dropOldest(): boolean {
    const oldest = this.#cachedSlots.entries().next();
    if (oldest.done) return false;
    this.#cachedSlots.delete(oldest.value[0]);
    this.giveBack(oldest.value[1]);
    return true;
  }

  #moveTogether(): boolean {
    let moves = 0;
    for (const [piece, slot] of this.#keptSlots) {
      if (slot < this.slots) continue;
      const lower = moves < MOVES_AT_ONCE ? this.takeSlot() : undefined;
      if (lower === undefined) break;
      this.slotBytes(lower, piece).set(this.slotBytes(slot, piece));
      this.#keptSlots.set(piece, lower);
      this.giveBack(slot);
      moves++;
    }
    return moves > 0;
  }
}
