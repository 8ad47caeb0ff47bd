// Puts replies on a connection: what becomes ready in one turn of the event loop leaves in one writev. Owns nothing but the write side.

import type { Duplex } from 'node:stream';
import type { NbdErrno } from './protocol.ts';
import { encodeReplyHead, REPLY_HEAD_BYTES, type Request } from './transmission.ts';

/** Payloads up to this go into one buffer with their head: a copy of 16 KiB costs less than two more entries in a writev. */
const COPY_BYTES = 16_384;
/** Small replies are cut from slabs of this size. A slab is not used again, it goes when the last reply in it is sent. */
const SLAB_BYTES = 256 * 1024;
const NO_PAYLOAD = new Uint8Array(0);

export class ReplyWriter {
  readonly #duplex: Duplex;
  #slab: Uint8Array = NO_PAYLOAD;
  #isCorked = false;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
  }

  /** `payload` must stay as it is until it is sent. */
  reply(request: Request, error: NbdErrno, payload: Uint8Array = NO_PAYLOAD): void {
    this.#cork();
    const isCopied = payload.length <= COPY_BYTES;
    const bytes = this.#take(REPLY_HEAD_BYTES + (isCopied ? payload.length : 0));
    encodeReplyHead(bytes, request, error);
    if (isCopied) bytes.set(payload, REPLY_HEAD_BYTES);
    this.#duplex.write(bytes);
    if (!isCopied) this.#duplex.write(payload);
  }

  /** Replies come from promises; a tick asked for among them runs when all that are ready have been written. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#duplex.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#duplex.uncork();
    });
  }

  #take(lengthBytes: number): Uint8Array {
    if (this.#slab.length < lengthBytes) this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    const bytes = this.#slab.subarray(0, lengthBytes);
    this.#slab = this.#slab.subarray(lengthBytes);
    return bytes;
  }
}
