// Memory for large stores: shared with the threads of this process, and outside what makes V8 look through its heap (each 80 MiB of ordinary
// array buffers cost some 100 ms of processor time for that).

import { discardPages, populatePages } from './libc.ts';

/** Whole pages of every size that Linux has. */
const LARGEST_PAGE_BYTES = 65_536;
const SMALLEST_PAGE_BYTES = 4_096;

export const sharedMemory = {
  /** Zeroes, whose pages the kernel gives when they are first used. */
  allocate(lengthBytes: number): Uint8Array {
    return new Uint8Array(new SharedArrayBuffer(lengthBytes));
  },

  /** Gives the pages back to the kernel now; what is left of the array is some addresses, until it is collected. Its content is lost. */
  release(memory: Uint8Array): void {
    discardPages(memory, LARGEST_PAGE_BYTES);
  },

  /** Has the pages given now, in the thread that calls; what others write there meanwhile stays. */
  prepare(memory: Uint8Array): void {
    if (populatePages(memory, SMALLEST_PAGE_BYTES)) return;
    // A compare and exchange of nothing is a write to the processor. (V8's `Atomics.add` reads first, which costs a page fault more.)
    for (let at = 0; at < memory.length; at += SMALLEST_PAGE_BYTES) Atomics.compareExchange(memory, at, 0, 0);
  },
};
