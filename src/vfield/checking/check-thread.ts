// The checking thread as its owner sees it: jobs go in, verdicts are collected in order. Owns the thread and what is on its way through it.

import { Worker } from 'node:worker_threads';
import type { CheckThreadData } from './check.worker.ts';
import { CheckJobs } from './check-jobs.ts';
import type { CheckedFile } from './piece-checker.ts';

const PROGRAM = new URL('./check.worker.ts', import.meta.url);

export interface CheckTask {
  readonly bytes: Uint8Array;
  /** What the bytes must hash to; undefined when they are only to be made ready. */
  readonly hash: Uint8Array | undefined;
  readonly done: (good: boolean) => void;
}

export class CheckThread {
  readonly #jobs = new CheckJobs();
  readonly #worker: Worker;
  /** Memory that the thread knows, and under which number. */
  readonly #segments = new Map<ArrayBufferLike, number>();
  readonly #tasks: CheckTask[] = [];
  #ready = false;

  /** @param onFailed It has ended by itself: these tasks have no verdict. */
  constructor(
    { pieceBytes, lengthBytes }: CheckedFile,
    onFailed: (error: unknown, tasks: CheckTask[]) => void,
    program = PROGRAM,
  ) {
    const workerData: CheckThreadData = { jobs: this.#jobs.memory, pieceBytes, lengthBytes };
    this.#worker = new Worker(program, { workerData, name: 'check' });
    this.#worker.unref();
    this.#worker.on('message', () => {
      this.#ready = true;
      this.collect();
    });
    this.#worker.on('error', (error) => {
      this.#ready = false;
      onFailed(error, this.#tasks.splice(0));
    });
  }

  /** Jobs without a verdict; infinite while it is starting. */
  get pending(): number {
    return this.#ready ? this.#jobs.pending : Number.POSITIVE_INFINITY;
  }

  /** @returns false when it can't take more, or not this memory. */
  post(task: CheckTask): boolean {
    const { buffer, byteOffset, length } = task.bytes;
    if (!this.#ready || !(buffer instanceof SharedArrayBuffer)) return false;
    const job = { segment: this.#segmentOf(buffer), offsetBytes: byteOffset, lengthBytes: length, hash: task.hash };
    if (!this.#jobs.post(job)) return false;
    this.#tasks.push(task);
    return true;
  }

  /** Tells the verdicts that are there. */
  collect(): void {
    for (let good = this.#jobs.collect(); good !== undefined; good = this.#jobs.collect()) {
      this.#tasks.shift()?.done(good);
    }
  }

  /** Ends it; what is on its way gets no verdict. */
  close(): void {
    this.#tasks.length = 0;
    void this.#worker.terminate();
  }

  #segmentOf(buffer: SharedArrayBuffer): number {
    let number = this.#segments.get(buffer);
    if (number === undefined) {
      number = this.#segments.size;
      this.#segments.set(buffer, number);
      this.#worker.postMessage(buffer);
    }
    return number;
  }
}
