// Jobs for the thread that checks pieces, in memory that both sides share: a ring, written by one side, answered in order by the other. No message and no
// allocation per piece. Pure, but for the waiting.
//
//   i32 posted | i32 answered | 64 jobs of: i32 segment, i32 first leaf, i32 bytes, i32 kind, i32 verdict | 64 hashes of 32 bytes

import { SHA256_BYTES } from '../hash.ts';
import { LEAF_BYTES } from '../merkle.ts';

/** Jobs that may be waiting: a power of two, since the counters wrap. */
const RING_JOBS = 64;
const FIELDS = 5;
const HEAD_FIELDS = 2;
const JOBS_BYTES = (HEAD_FIELDS + RING_JOBS * FIELDS) * 4;
const [POSTED, ANSWERED] = [0, 1];
const [SEGMENT, LEAF, LENGTH, KIND, VERDICT] = [0, 1, 2, 3, 4];

export interface CheckJob {
  /** In which of the segments that the thread knows, and where in it; a multiple of 16 KiB. */
  readonly segment: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** What it must hash to; undefined when the memory is only to be made ready. */
  readonly hash: Uint8Array | undefined;
}

export class CheckJobs {
  readonly memory: SharedArrayBuffer;
  readonly #ints: Int32Array;
  readonly #hashes: Uint8Array;
  #collected = 0;

  /** @param memory Of the other side. */
  constructor(memory = new SharedArrayBuffer(JOBS_BYTES + RING_JOBS * SHA256_BYTES)) {
    this.memory = memory;
    this.#ints = new Int32Array(memory, 0, JOBS_BYTES / 4);
    this.#hashes = new Uint8Array(memory, JOBS_BYTES);
  }

  /** Jobs posted whose verdict was not collected. */
  get pending(): number {
    return (this.#ints[POSTED]! - this.#collected) | 0;
  }

  /** The posting side: one more job. @returns false when the ring is full. */
  post({ segment, offsetBytes, lengthBytes, hash }: CheckJob): boolean {
    if (this.pending >= RING_JOBS) return false;
    const posted = this.#ints[POSTED]!;
    const fields = [segment, offsetBytes / LEAF_BYTES, lengthBytes, hash ? 1 : 0, 0];
    this.#ints.set(fields, fieldsAt(posted));
    if (hash) this.#hashes.set(hash, hashAt(posted));
    Atomics.store(this.#ints, POSTED, (posted + 1) | 0);
    Atomics.notify(this.#ints, POSTED);
    return true;
  }

  /** The posting side: the verdict on its oldest job, undefined while there is none. */
  collect(): boolean | undefined {
    if (Atomics.load(this.#ints, ANSWERED) === this.#collected) return undefined;
    const verdict = this.#ints[fieldsAt(this.#collected) + VERDICT] === 1;
    this.#collected = (this.#collected + 1) | 0;
    return verdict;
  }

  /** The answering side: sleeps until there is a job. @returns false when none came within the time. */
  wait(milliseconds = Number.POSITIVE_INFINITY): boolean {
    const answered = this.#ints[ANSWERED]!;
    return Atomics.wait(this.#ints, POSTED, answered, milliseconds) !== 'timed-out';
  }

  /** The answering side: the oldest job without an answer. */
  next(): CheckJob | undefined {
    const answered = this.#ints[ANSWERED]!;
    if (Atomics.load(this.#ints, POSTED) === answered) return undefined;
    const at = fieldsAt(answered);
    const ints = this.#ints;
    const hash = this.#hashes.subarray(hashAt(answered), hashAt(answered) + SHA256_BYTES);
    return {
      segment: ints[at + SEGMENT]!,
      offsetBytes: ints[at + LEAF]! * LEAF_BYTES,
      lengthBytes: ints[at + LENGTH]!,
      hash: ints[at + KIND] === 1 ? hash : undefined,
    };
  }

  /** The answering side: the verdict on `next`. */
  answer(good: boolean): void {
    const answered = this.#ints[ANSWERED]!;
    this.#ints[fieldsAt(answered) + VERDICT] = good ? 1 : 0;
    Atomics.store(this.#ints, ANSWERED, (answered + 1) | 0);
  }
}

function fieldsAt(job: number): number {
  return HEAD_FIELDS + (job & (RING_JOBS - 1)) * FIELDS;
}

function hashAt(job: number): number {
  return (job & (RING_JOBS - 1)) * SHA256_BYTES;
}
