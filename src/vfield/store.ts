// The pieces that this node holds in RAM: a bounded store of verified pieces in slots of one piece each. Owns the memory; who may be kept and who goes
// is decided by keeper.ts. Slots are also what a piece is assembled in, so that the number of slots is the whole budget.
//
// A held piece is `kept` (announced to peers; leaves only through keeper.ts) or `cached` (never announced, so it may go at any time, least
// recently used first). Memory is taken in segments, when first needed.

import { BitSet } from './bitset.ts';

/** Slots of one allocation: 8 MiB of 128 KiB pieces. */
const SLOTS_PER_SEGMENT = 64;
/** Below this a read of 1 MiB beside a few transfers would have to wait for itself. */
export const MIN_SLOTS = 16;
/** Slots that kept pieces never take, so that a read on demand always finds room. */
export const DEMAND_SLOTS = 6;

export interface StoreShape {
  readonly pieceBytes: number;
  readonly pieceCount: number;
  /** Of the whole image: the last piece may be shorter. */
  readonly lengthBytes: number;
}

/** Slots that a share of `shareBytes` makes. */
export function slotsOfShare(shareBytes: number, pieceBytes: number): number {
  return Math.max(MIN_SLOTS, Math.floor(shareBytes / pieceBytes));
}

/**
 * Pieces that a node with this share keeps for the room: a sixteenth of the slots (8 to 64) is left for transfers and reads.
 * The same on every node, since placement counts on it. 0 for a node that gives nothing.
 */
export function capacityOfShare(shareBytes: number, pieceBytes: number): number {
  if (shareBytes <= 0) return 0;
  const slots = slotsOfShare(shareBytes, pieceBytes);
  return slots - Math.min(64, Math.max(8, Math.ceil(slots / 16)));
}

/** The least share whose capacity is the whole image. */
export function shareForWhole({ pieceBytes, pieceCount }: StoreShape): number {
  return (pieceCount + Math.min(64, Math.max(8, Math.ceil(pieceCount / 15)))) * pieceBytes;
}

export class PieceStore {
  readonly slots: number;
  /** Pieces that are announced. */
  readonly kept: BitSet;
  readonly #shape: StoreShape;
  readonly #segments: Uint8Array[] = [];
  readonly #free: number[] = [];
  #made = 0;
  readonly #keptSlots = new Map<number, number>();
  /** In the order of use, the longest unused first. */
  readonly #cachedSlots = new Map<number, number>();

  constructor(shape: StoreShape, slots: number) {
    this.#shape = shape;
    this.slots = Math.min(slots, shape.pieceCount + MIN_SLOTS);
    this.kept = new BitSet(shape.pieceCount);
  }

  /** Pieces held, kept and cached. */
  get held(): number {
    return this.#keptSlots.size + this.#cachedSlots.size;
  }

  /** Bytes of memory taken so far. */
  get allocatedBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.length, 0);
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
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made < this.slots) return this.#made++;
    const oldest = this.#cachedSlots.entries().next();
    if (oldest.done) return undefined;
    this.#cachedSlots.delete(oldest.value[0]);
    return oldest.value[1];
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  /** The memory of `slot` as far as `piece` needs it. */
  slotBytes(slot: number, piece: number): Uint8Array {
    const { pieceBytes } = this.#shape;
    const segment = this.#segment(Math.floor(slot / SLOTS_PER_SEGMENT));
    const start = (slot % SLOTS_PER_SEGMENT) * pieceBytes;
    return segment.subarray(start, start + this.pieceLength(piece));
  }

  /** Bytes of `piece`: all pieces but the last are whole. */
  pieceLength(piece: number): number {
    const { pieceBytes, lengthBytes } = this.#shape;
    return Math.min(pieceBytes, lengthBytes - piece * pieceBytes);
  }

  /** Takes over a slot that now holds `piece`, verified. */
  put(piece: number, slot: number, kept: boolean): void {
    if (this.has(piece)) {
      this.giveBack(slot);
      return;
    }
    (kept ? this.#keptSlots : this.#cachedSlots).set(piece, slot);
    if (kept) this.kept.add(piece);
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

  /** A kept piece becomes a cached one, the next to go. */
  release(piece: number): void {
    const slot = this.#keptSlots.get(piece);
    if (slot === undefined) return;
    this.#keptSlots.delete(piece);
    this.kept.delete(piece);
    this.#cachedSlots.set(piece, slot);
  }

  #segment(at: number): Uint8Array {
    while (this.#segments.length <= at) this.#segments.push(this.#newSegment());
    return this.#segments[at]!;
  }

  #newSegment(): Uint8Array {
    const slots = Math.min(SLOTS_PER_SEGMENT, this.slots - this.#segments.length * SLOTS_PER_SEGMENT);
    return new Uint8Array(slots * this.#shape.pieceBytes);
  }
}
