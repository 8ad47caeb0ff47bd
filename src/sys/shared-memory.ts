// Memory for large stores: shared with the threads of this process, and outside what makes V8 look through its heap (each 80 MiB of ordinary
// array buffers cost some 100 ms of processor time for that).

import { discardPages } from './libc.ts';

/** Whole pages of every size that Linux has. */
const PAGE_BYTES = 65_536;

export const sharedMemory = {
  /** Zeroes, whose pages the kernel gives when they are first used. */
  allocate(lengthBytes: number): Uint8Array {
    return new Uint8Array(new SharedArrayBuffer(lengthBytes));
  },

  /** Gives the pages back to the kernel now; what is left of the array is some addresses, until it is collected. Its content is lost. */
  release(memory: Uint8Array): void {
    discardPages(memory, PAGE_BYTES);
  },
};
