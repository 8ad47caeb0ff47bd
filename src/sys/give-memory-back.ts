// Memory that a start has left behind, given back to the kernel: V8 and the C library would keep it while nothing presses, on a machine whose
// memory is the room's disk.

import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trimHeap } from './libc.ts';

/** V8 drops compiled code that nobody has run for several collections, and shrinks its heap step by step. */
const COLLECTIONS = 10;
/** The thread answers in between. */
const PAUSE_MS = 50;

/** The garbage of the calling thread, and the free parts of the C library's heap. Blocks for some tens of milliseconds. */
export function giveMemoryBack(): void {
  collector()();
  trimHeap();
}

/** The same more thoroughly, with the code that only the start needed: for a thread that has begun its quiet life. */
export async function giveStartBack(): Promise<void> {
  const collect = collector();
  for (let round = 0; round < COLLECTIONS; round++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await pause(PAUSE_MS);
  }
  trimHeap();
}

type Collector = (options?: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * --expose-gc for this moment only: V8 takes the compiled code of Node's own modules only while its flags are those that it was compiled
 * with, so on the command line this flag would cost a second at start.
 */
function collector(): Collector {
  setFlagsFromString('--expose-gc');
  const collect: Collector = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return collect;
}
