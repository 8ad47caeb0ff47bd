// Messages over a pipe, for both ends: four bytes of length, then V8's form of plain data (node:v8 serialize), which has byte arrays. What the other side
// sends is limited before memory is taken for it, what it does not take is limited too.

import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import { ViverError } from '../../errors.ts';
import type { Port } from './message-link.ts';

const HEADER_BYTES = 4;

/** One message between a rune and its host. A request or reply has 1 MiB; a rune's text, or a file that it reads or writes, may have more. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** What may wait for the other side to read it; more is refused. */
export const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

export class FramePort implements Port {
  readonly #pipe: Duplex;
  readonly #listeners: ((message: unknown) => void)[] = [];
  #chunks: Buffer[] = [];
  #heldBytes = 0;

  /** @param onBroken Told why the other side can't be understood any more; nothing comes after that. */
  constructor(pipe: Duplex, onBroken: (reason: string) => void) {
    this.#pipe = pipe;
    pipe.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk);
      } catch (error) {
        pipe.removeAllListeners('data').destroy();
        onBroken(`sends what is no message: ${error instanceof Error ? error.message : error}`);
      }
    });
  }

  on(_event: 'message', listener: (message: unknown) => void): void {
    this.#listeners.push(listener);
  }

  /** @throws ViverError RUNES_TOO_LARGE; RUNES_BUSY when too much waits to be read. */
  postMessage(message: unknown): void {
    const body = serialize(message);
    if (body.length > MAX_FRAME_BYTES) throw tooLarge(body.length);
    if (this.#pipe.writableLength + body.length > MAX_UNREAD_BYTES) {
      throw new ViverError('RUNES_BUSY', `${MAX_UNREAD_BYTES} bytes wait to be read`, { retryable: true });
    }
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(body.length);
    this.#pipe.cork();
    this.#pipe.write(header);
    this.#pipe.write(body);
    this.#pipe.uncork();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#heldBytes < HEADER_BYTES + length) return;
      const held = this.#joined();
      const end = HEADER_BYTES + length;
      this.#chunks = held.length > end ? [held.subarray(end)] : [];
      this.#heldBytes -= end;
      const message: unknown = deserialize(held.subarray(HEADER_BYTES, end));
      for (const listener of this.#listeners) listener(message);
    }
  }

  #nextLength(): number | undefined {
    if (this.#heldBytes < HEADER_BYTES) return undefined;
    const first = this.#chunks[0] as Buffer;
    const length = (first.length >= HEADER_BYTES ? first : this.#joined()).readUInt32BE(0);
    if (length > MAX_FRAME_BYTES) throw tooLarge(length);
    return length;
  }

  #joined(): Buffer {
    const joined = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

function tooLarge(bytes: number): ViverError {
  return new ViverError('RUNES_TOO_LARGE', `a message of ${bytes} bytes, where ${MAX_FRAME_BYTES} are the most`);
}
