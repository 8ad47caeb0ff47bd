// Memory in slots of one piece each, taken in segments when first needed and given back to the system when the number of slots falls. Owns the memory.

import type { SlotMemory } from './slot-memory.ts';

/** Slots of one allocation, at least: 8 MiB of 128 KiB pieces, which the allocator maps on its own and can give back. */
const LEAST_PER_SEGMENT = 64;
/** Allocations at most. In V8's own memory each makes it look through its heap: with 8 MiB each, a store of 1 GiB cost half a processor while it was filled. */
const MAX_SEGMENTS = 16;

export class Slots {
  readonly #slotBytes: number;
  readonly #perSegment: number;
  readonly #memory: SlotMemory;
  #limit: number;
  readonly #segments: (Uint8Array | undefined)[] = [];
  /** Slots of each segment that are in use. */
  readonly #used: number[] = [];
  /** Free ones of the slots made so far, below the limit and beyond it. */
  #free: number[] = [];
  #beyond: number[] = [];
  #made = 0;

  constructor(slotBytes: number, limit: number, memory: SlotMemory) {
    this.#slotBytes = slotBytes;
    this.#limit = limit;
    this.#memory = memory;
    this.#perSegment = Math.max(LEAST_PER_SEGMENT, Math.ceil(limit / MAX_SEGMENTS));
  }

  /** Only slots of a smaller number are given out. */
  get limit(): number {
    return this.#limit;
  }

  /** Bytes of memory taken at the moment. */
  get allocatedBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.length ?? 0), 0);
  }

  /** A slot for use; undefined when all below the limit are in use. */
  take(): number | undefined {
    const slot = this.#free.pop() ?? (this.#made < this.#limit ? this.#made++ : undefined);
    if (slot !== undefined) this.#used[this.#segmentOf(slot)] = (this.#used[this.#segmentOf(slot)] ?? 0) + 1;
    return slot;
  }

  give(slot: number): void {
    this.#used[this.#segmentOf(slot)]!--;
    (slot < this.#limit ? this.#free : this.#beyond).push(slot);
  }

  /** The first `length` bytes of a slot in use: a view, valid until the caller returns to the event loop. */
  bytes(slot: number, length: number): Uint8Array {
    const start = (slot % this.#perSegment) * this.#slotBytes;
    return this.#segment(this.#segmentOf(slot), start + this.#slotBytes).subarray(start, start + length);
  }

  /** Slots beyond a smaller limit stay valid while they are in use. */
  resize(limit: number): void {
    const all = [...this.#free, ...this.#beyond];
    this.#limit = limit;
    this.#free = all.filter((slot) => slot < limit);
    this.#beyond = all.filter((slot) => slot >= limit);
  }

  /** Gives back segments beyond the limit in which nothing is in use. Never while somebody holds a view. @returns false while some are still in use. */
  trim(): boolean {
    let all = true;
    for (let at = Math.ceil(this.#limit / this.#perSegment); at < this.#segments.length; at++) {
      if ((this.#used[at] ?? 0) > 0) {
        all = false;
        continue;
      }
      const segment = this.#segments[at];
      if (segment) this.#memory.release(segment);
      this.#segments[at] = undefined;
    }
    return all;
  }

  /** @param bytes It is at least so long. */
  #segment(at: number, bytes: number): Uint8Array {
    const segment = this.#segments[at];
    if (segment && segment.length >= bytes) return segment;
    const slots = Math.min(this.#perSegment, this.#limit - at * this.#perSegment);
    const longer = this.#memory.allocate(Math.max(bytes, slots * this.#slotBytes));
    if (segment) longer.set(segment);
    if (segment) this.#memory.release(segment);
    this.#segments[at] = longer;
    return longer;
  }

  #segmentOf(slot: number): number {
    return Math.floor(slot / this.#perSegment);
  }
}
