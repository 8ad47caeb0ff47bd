// Cuts the byte stream of a connection into messages. Pure; chunks may end anywhere.
// A message that lies whole inside a chunk is handed on as a view of it, without a copy; only one that straddles chunks is put together in a
// buffer of its own: with reads of 256 KiB that is one block in sixteen.

import { ViverError } from '../../errors.ts';
import { MAX_MESSAGE_BYTES } from './messages.ts';

const LENGTH_BYTES = 4;
const FIRST_BUFFER_BYTES = 32_768;

export class PushDecoder {
  readonly #onMessage: (body: Uint8Array) => void;
  #buffer = new Uint8Array(0);
  /** Bytes of the unfinished message, its length field included, at the start of #buffer. */
  #held = 0;

  /** @param onMessage Gets each message without its length; the view is valid during the call only. */
  constructor(onMessage: (body: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws ViverError `PEER_TOO_LONG` when a length is beyond MAX_MESSAGE_BYTES; the stream is then lost. */
  push(chunk: Uint8Array): void {
    let at = this.#finishHeld(chunk);
    while (chunk.length - at >= LENGTH_BYTES) {
      const length = lengthAt(chunk, at);
      const end = at + LENGTH_BYTES + length;
      if (end > chunk.length) break;
      this.#onMessage(chunk.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
  }

  /** Completes the message that began in an earlier chunk. @returns Bytes of `chunk` used for that. */
  #finishHeld(chunk: Uint8Array): number {
    if (this.#held === 0) return 0;
    let used = this.#fillTo(LENGTH_BYTES, chunk, 0);
    if (this.#held < LENGTH_BYTES) return used;
    const total = LENGTH_BYTES + lengthAt(this.#buffer, 0);
    used = this.#fillTo(total, chunk, used);
    if (this.#held < total) return used;
    this.#held = 0;
    this.#onMessage(this.#buffer.subarray(LENGTH_BYTES, total));
    return used;
  }

  #fillTo(total: number, chunk: Uint8Array, used: number): number {
    const count = Math.min(total - this.#held, chunk.length - used);
    if (count <= 0) return used;
    this.#hold(chunk.subarray(used, used + count));
    return used + count;
  }

  #hold(bytes: Uint8Array): void {
    const wanted = this.#held + bytes.length;
    if (wanted > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(FIRST_BUFFER_BYTES, wanted, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = wanted;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  if (length <= MAX_MESSAGE_BYTES) return length;
  throw new ViverError('PEER_TOO_LONG', `peer: a message of ${length} bytes, ${MAX_MESSAGE_BYTES} are allowed`, {
    details: { length },
  });
}
