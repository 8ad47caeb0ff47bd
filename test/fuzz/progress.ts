// Sees to it that no input takes for ever: a second thread looks whether the count of inputs goes on, and ends the process with the last input if not.

import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** An input that takes longer is a hang. */
const LONGEST_MS = 20_000;
/** Shown of an input; the seed brings back all of it. */
const SHOWN_BYTES = 4096;
const HEAD_BYTES = 8;

export class Progress {
  readonly #counters = new Int32Array(new SharedArrayBuffer(HEAD_BYTES + SHOWN_BYTES));
  readonly #input = new Uint8Array(this.#counters.buffer, HEAD_BYTES);
  readonly #worker = new Worker(new URL(import.meta.url), { workerData: this.#counters });

  /** Called before each input. */
  note(input: Uint8Array): void {
    const shown = Math.min(SHOWN_BYTES, input.length);
    this.#input.set(shown === input.length ? input : input.subarray(0, shown));
    this.#counters[1] = shown;
    Atomics.add(this.#counters, 0, 1);
  }

  /** The start of the input that was noted last, as hexadecimal digits. */
  get input(): string {
    return this.#input.subarray(0, this.#counters[1]).toHex();
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch(counters: Int32Array): void {
  let seen = -1;
  let since = performance.now();
  setInterval(() => {
    const count = Atomics.load(counters, 0);
    if (count !== seen) {
      seen = count;
      since = performance.now();
    } else if (performance.now() - since > LONGEST_MS) {
      const input = Buffer.from(new Uint8Array(counters.buffer, HEAD_BYTES, counters[1])).toString('hex');
      writeSync(2, `fuzz: input ${count} hangs: ${input}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }, 500);
}

if (!isMainThread) watch(workerData as Int32Array);
