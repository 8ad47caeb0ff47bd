// Loads kernel modules in a few threads, so that a driver that probes for seconds holds up neither the event loop nor the others.

import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { LoadAnswer, LoadRequest } from './module-loader.worker.ts';
import type { ModuleLoadResult } from './sys.ts';

const EEXIST = 17;

interface Thread {
  readonly worker: Worker;
  waiting: number;
}

export class ModuleLoader {
  readonly #threadLimit: number;
  readonly #threads: Thread[] = [];
  readonly #answers = new Map<number, (result: ModuleLoadResult) => void>();
  #nextId = 1;

  /** Who loads decides how many at once (src/hwdetect/load-slots.ts); a thread is started only when all others are busy. */
  constructor(threadLimit = 8) {
    this.#threadLimit = threadLimit;
  }

  /** `path` names an uncompressed .ko file; `parameters` as on modprobe's command line. Never rejects. */
  load(path: string, parameters: string): Promise<ModuleLoadResult> {
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    thread.waiting++;
    thread.worker.ref();
    return new Promise((resolve) => {
      this.#answers.set(id, (result) => {
        thread.waiting--;
        if (thread.waiting === 0) thread.worker.unref();
        resolve(result);
      });
      thread.worker.postMessage({ id, path, parameters } satisfies LoadRequest);
    });
  }

  /** Ends the threads and gives their memory back; the next load starts new ones. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread {
    const idle = this.#threads.find(({ waiting }) => waiting === 0);
    if (idle) return idle;
    if (this.#threads.length < this.#threadLimit) return this.#start();
    return this.#threads.reduce((least, thread) => (thread.waiting < least.waiting ? thread : least));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./module-loader.worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', ({ id, errno }: LoadAnswer) => {
      this.#answers.get(id)?.(resultOf(errno));
      this.#answers.delete(id);
    });
    const thread = { worker, waiting: 0 };
    this.#threads.push(thread);
    return thread;
  }
}

function resultOf(errno: number): ModuleLoadResult {
  if (errno === 0) return { kind: 'loaded' };
  if (errno === EEXIST) return { kind: 'already' };
  return { kind: 'failed', errno, message: getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}` };
}
