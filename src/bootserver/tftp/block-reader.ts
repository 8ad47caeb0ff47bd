// Reads a file in chunks for a sender of blocks: the chunk in use, the one before (a window may go back) and the one to come, which is
// read ahead, so that a lock-step client does not wait for the disk at each block. Owns these chunks and nothing else. Pure.

import type { BootContent } from '../content.ts';

/** Small, since a room of PCs has a reader each. */
const CHUNK_BYTES = 64 * 1024;

export interface BlockReader {
  /** The bytes of a block, counted from 1; empty behind the end. At once when they are there already. */
  block(number: number): Uint8Array | Promise<Uint8Array>;
}

/** A reader of blocks of `blockBytes` each. */
export function createBlockReader(content: BootContent, blockBytes: number): BlockReader {
  const blocksPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / blockBytes));
  const chunkBytes = blocksPerChunk * blockBytes;
  const chunks = new Map<number, Uint8Array | Promise<Uint8Array>>();

  function chunk(index: number): Uint8Array | Promise<Uint8Array> {
    const known = chunks.get(index);
    if (known) return known;
    const start = index * chunkBytes;
    const length = Math.max(0, Math.min(chunkBytes, content.sizeBytes - start));
    if (length === 0) return new Uint8Array(0);
    const reading = content.read(start, length).then((bytes) => {
      chunks.set(index, bytes);
      return bytes;
    });
    // Whoever needs the chunk sees the failure; a chunk that was only read ahead has nobody to tell.
    reading.catch(() => chunks.delete(index));
    chunks.set(index, reading);
    return reading;
  }

  function forgetAllBut(index: number): void {
    for (const known of chunks.keys()) if (known < index - 1 || known > index + 1) chunks.delete(known);
  }

  return {
    block(number) {
      const index = Math.floor((number - 1) / blocksPerChunk);
      const offset = ((number - 1) % blocksPerChunk) * blockBytes;
      const whole = chunk(index);
      chunk(index + 1);
      forgetAllBut(index);
      const part = (bytes: Uint8Array) => bytes.subarray(offset, offset + blockBytes);
      return whole instanceof Uint8Array ? part(whole) : whole.then(part);
    },
  };
}
