// What is to be written in one turn of the event loop, put together in few large buffers: a stream costs some microseconds for each buffer, which was a third of
// all work of a sender of blocks. The buffers go round. Owns those that are idle.

import { copyBytes } from '../copy-bytes.ts';

/** Sixteen blocks with their heads. */
const CHUNK_BYTES = 16 * (16_384 + 13);
/** What begins with a short message gets a short buffer: a `have` to 200 peers must not take 50 MiB, nor one to a peer that does not read. */
const SHORT_BYTES = 2_048;
const SHORT_CHUNK_BYTES = 4_096;
/** Idle buffers kept, for all connections together: 2 MiB. */
const MAX_IDLE = 8;

const idle: Uint8Array[] = [];

/** @returns false when the writer is full. @param sent Called when the memory of `bytes` may be used again. */
export type WriteBuffer = (bytes: Uint8Array, sent: () => void) => boolean;

export class Staging {
  #chunks: { memory: Uint8Array; length: number }[] = [];
  #bytes = 0;

  /** Bytes that wait for the flush. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies `bytes` behind what is there. */
  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.#chunkWithRoom(bytes.length);
      const part = Math.min(bytes.length - at, chunk.memory.length - chunk.length);
      copyBytes(bytes, chunk.memory, chunk.length, at, at + part);
      chunk.length += part;
      at += part;
    }
  }

  /** Hands all of it to `write`, in order. @returns What the last call of it returned. */
  flush(write: WriteBuffer): boolean {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    let isReady = true;
    for (const { memory, length } of chunks) {
      isReady = write(memory.subarray(0, length), () => {
        if (memory.length === CHUNK_BYTES && idle.length < MAX_IDLE) idle.push(memory);
      });
    }
    return isReady;
  }

  #chunkWithRoom(wanted: number): { memory: Uint8Array; length: number } {
    const last = this.#chunks.at(-1);
    if (last && last.length < last.memory.length) return last;
    const isShort = !last && wanted <= SHORT_BYTES;
    const memory = isShort ? new Uint8Array(SHORT_CHUNK_BYTES) : (idle.pop() ?? new Uint8Array(CHUNK_BYTES));
    const chunk = { memory, length: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }
}
