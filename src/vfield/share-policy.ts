// How much RAM a node gives, as the machine's memory gets short and comes back. Pure: readings in, a share out. It gives early and in large steps,
// since the kernel's out-of-memory killer does not wait, and takes back late and in small ones, since each change moves pieces between members.

import type { MemoryReading } from '../sys/memory-reading.ts';

const MEBIBYTE = 1024 * 1024;
/** Memory counts as short below this part of the RAM, and below this many bytes. */
const SHORT_PART = 0.06;
const SHORT_BYTES = 48 * MEBIBYTE;
/** Below twice that, memory is short as well when all programs stood still for it in so much of the last ten seconds. */
const SHORT_STALL_PERCENT = 10;
/** The smallest step down, and the step up, as parts of the configured share. */
const STEP_DOWN = 1 / 8;
const STEP_UP = 1 / 16;
/** What is kept in any case: the part of the configured share, or these bytes. */
const FLOOR_PART = 1 / 16;
const FLOOR_BYTES = 8 * MEBIBYTE;
/** Between two steps down: what was let go takes so long to be free. */
const SHRINK_PAUSE_MS = 2000;
/** Memory must have been plentiful for so long before a step up, and between two. */
const GROW_PAUSE_MS = 20_000;

/** Available memory below which a machine with so much RAM is short of it. */
export function shortBytes(totalBytes: number): number {
  return Math.max(SHORT_BYTES, totalBytes * SHORT_PART);
}

export interface ShareNow {
  readonly shareBytes: number;
  /** Memory that it takes; only that can be given back. */
  readonly usedBytes: number;
  /** What nobody else has: a root that waits for ever is worse than a program that is ended. */
  readonly onlyHereBytes: number;
}

export class SharePolicy {
  readonly #configuredBytes: number;
  readonly #floorBytes: number;
  #shrunkAt = Number.NEGATIVE_INFINITY;
  #notPlentyAt: number;

  /** @param now Milliseconds of the clock that `next` is called with. */
  constructor(configuredBytes: number, now: number) {
    this.#configuredBytes = configuredBytes;
    this.#floorBytes = Math.min(configuredBytes, Math.max(FLOOR_BYTES, configuredBytes * FLOOR_PART));
    this.#notPlentyAt = now;
  }

  /** The share to give from now on, in whole MiB unless it is the configured one. */
  next(reading: MemoryReading, share: ShareNow, now: number): number {
    const short = shortBytes(reading.totalBytes);
    if (isShort(reading, short)) {
      this.#notPlentyAt = now;
      return this.#shrunk(share, 2 * short - reading.availableBytes, now);
    }
    const { shareBytes } = share;
    const stepUp = this.#configuredBytes * STEP_UP;
    // After the step there must still be twice as much as is short, so that a step up is never the reason for a step down.
    if (reading.availableBytes < 2 * short + stepUp) this.#notPlentyAt = now;
    if (now - this.#notPlentyAt < GROW_PAUSE_MS || shareBytes >= this.#configuredBytes) return shareBytes;
    this.#notPlentyAt = now;
    return Math.min(this.#configuredBytes, wholeMebibytes(shareBytes + stepUp + MEBIBYTE - 1));
  }

  #shrunk({ shareBytes, usedBytes, onlyHereBytes }: ShareNow, missingBytes: number, now: number): number {
    if (now - this.#shrunkAt < SHRINK_PAUSE_MS) return shareBytes;
    const step = Math.max(missingBytes, this.#configuredBytes * STEP_DOWN);
    const least = Math.max(this.#floorBytes, wholeMebibytes(onlyHereBytes + MEBIBYTE - 1));
    const smaller = Math.max(least, wholeMebibytes(Math.min(shareBytes, usedBytes) - step));
    if (smaller >= shareBytes) return shareBytes;
    this.#shrunkAt = now;
    return smaller;
  }
}

function isShort({ availableBytes, stalledPercent = 0 }: MemoryReading, short: number): boolean {
  return availableBytes < short || (availableBytes < 2 * short && stalledPercent >= SHORT_STALL_PERCENT);
}

function wholeMebibytes(bytes: number): number {
  return Math.floor(bytes / MEBIBYTE) * MEBIBYTE;
}
