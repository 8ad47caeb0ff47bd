// Threads that end: by themselves, or because we end them.

import type { Worker } from 'node:worker_threads';
import { errorLine } from '../../errors.ts';
import { withDeadline } from './deadline.ts';

/** Calls `onEnded` once, with the reason for a person: `ended with an error: out of memory`. */
export function watch(worker: Worker, onEnded: (reason: string) => void): void {
  let reason: string | undefined;
  worker.on('error', (error) => {
    reason = `ended with an error: ${errorLine(error)}`;
  });
  worker.on('exit', (status) => onEnded(reason ?? `ended by itself with status ${status}`));
}

/** V8 may collect garbage for minutes in a heap that is full, and notices the end of its thread only then. */
const END_LIMIT_MS = 2_000;

/** Ends a thread; waits for it no longer than a moment. It runs no more of its own code in any case. */
export async function endThread(worker: Worker): Promise<void> {
  worker.unref();
  await withDeadline(worker.terminate(), END_LIMIT_MS, 'end of a thread').catch(() => {});
}
