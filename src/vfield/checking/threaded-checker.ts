// Checks pieces in a thread of its own while they come faster than a link of 1 Gbit/s brings them; else here, where it takes less than a twelfth of
// the time. So a room of PCs never has that thread; between machines with a faster link hashing does not hold up sockets and reads.

import { availableParallelism } from 'node:os';
import { errorLine } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Clock, repeat, systemClock } from '../clock.ts';
import { SHA256_BYTES } from '../hash.ts';
import { isPieceGood } from '../merkle.ts';
import { type CheckTask, CheckThread } from './check-thread.ts';
import { type CheckedFile, checkHere, type MakeChecker, type PieceChecker } from './piece-checker.ts';

/** 1 Gbit/s brings 125,000 bytes in a millisecond. */
const FAST_BYTES_PER_MS = 150_000;
const MEASURE_MS = 50;
/** After so long without a piece the thread ends, and its memory is free. */
const IDLE_MS = 10_000;
/** More than this in its queue, and the next piece is checked, or its memory made ready, here: both work. */
const MAX_QUEUED_CHECKS = 24;
/** A checker that starts a thread when it is worth one. On a machine with one processor all is checked here. */
export const checkInThread: MakeChecker = (file, log) =>
  availableParallelism() > 1 ? new ThreadedChecker(file, log) : checkHere(file, log);

export class ThreadedChecker implements PieceChecker {
  readonly #file: CheckedFile;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #program: URL | undefined;
  #thread: CheckThread | undefined;
  #stopWatching: () => void = () => {};
  #broken = false;
  #since = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #lastAt = 0;

  /** @param program What the thread runs, for tests. */
  constructor(file: CheckedFile, log: Log, clock: Clock = systemClock, program?: URL) {
    this.#file = file;
    this.#log = log;
    this.#clock = clock;
    this.#program = program;
  }

  check(piece: number, bytes: Uint8Array, done: (good: boolean) => void): void {
    this.#measure(bytes.length);
    const hash = this.#file.pieceHashes.subarray(piece * SHA256_BYTES, (piece + 1) * SHA256_BYTES);
    if (!this.#mayPost() || !this.#thread!.post({ bytes, hash, done })) done(isPieceGood(this.#file, piece, bytes));
    this.#thread?.collect();
  }

  prepare(memory: Uint8Array): void {
    if (this.#mayPost()) this.#thread!.post({ bytes: memory, hash: undefined, done: () => {} });
  }

  close(): void {
    this.#stopWatching();
    this.#thread?.close();
    this.#thread = undefined;
    this.#broken = true;
  }

  #mayPost(): boolean {
    return this.#thread !== undefined && this.#thread.pending < MAX_QUEUED_CHECKS;
  }

  /** Starts the thread when pieces come fast. */
  #measure(bytes: number): void {
    this.#lastAt = this.#clock.now();
    this.#bytes += bytes;
    const passedMs = this.#lastAt - this.#since;
    if (passedMs < MEASURE_MS) return;
    if (passedMs < 2 * MEASURE_MS && this.#bytes / passedMs > FAST_BYTES_PER_MS) this.#start();
    this.#since = this.#lastAt;
    this.#bytes = 0;
  }

  #start(): void {
    if (this.#thread || this.#broken) return;
    this.#thread = new CheckThread(this.#file, (error, tasks) => this.#failed(error, tasks), this.#program);
    this.#stopWatching = repeat(this.#clock, IDLE_MS, () => this.#endIfIdle());
  }

  #endIfIdle(): void {
    if (this.#clock.now() - this.#lastAt < IDLE_MS) return;
    this.#stopWatching();
    this.#thread?.close();
    this.#thread = undefined;
  }

  /** What it had not answered is judged by the caller, as every "no" is; what comes from now on, here. */
  #failed(error: unknown, tasks: CheckTask[]): void {
    if (this.#broken) return;
    this.close();
    this.#log.warn(`the thread that checks pieces has ended, they are checked without it: ${errorLine(error)}`);
    for (const { done } of tasks) done(false);
  }
}
