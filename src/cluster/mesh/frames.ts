// Frames on a link between two members: length (u32, of what follows), kind (u8), body. Below them lies TLS, so that a frame that comes in is from
// somebody who holds the room's key. Pure.

import { ViverError } from '../../errors.ts';

/** Kinds 1 and 2 are the mesh's own, 3 says under which life a member was lost, the others are the broker's packets. */
export const FRAME_KINDS = {
  hello: 1,
  addresses: 2,
  lost: 3,
  info: 10,
  discover: 11,
  heartbeat: 12,
  disconnect: 13,
  request: 14,
  response: 15,
} as const;
export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

/** One frame with all it carries: a message of 1 MiB as text, where each character may be escaped, and what says where it belongs. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Before its hello a link gets no more than this. */
export const MAX_HELLO_BYTES = 4096;

const LENGTH_BYTES = 4;
const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME_KINDS));

export interface Frame {
  readonly kind: FrameKind;
  readonly body: string;
}

/** The bytes of a frame; its body is text. @throws ViverError CLUSTER_TOO_LARGE */
export function encodeFrame(kind: FrameKind, body: string): Uint8Array {
  const length = Buffer.byteLength(body);
  if (length + 1 > MAX_FRAME_BYTES) {
    throw new ViverError('CLUSTER_TOO_LARGE', `a message of ${length} bytes, larger than ${MAX_FRAME_BYTES}`);
  }
  // Small ones come from Node's pool: thousands of buffers of their own a second keep the garbage collector busy.
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + 1 + length);
  bytes.writeUInt32BE(length + 1);
  bytes[LENGTH_BYTES] = kind;
  bytes.write(body, LENGTH_BYTES + 1);
  return bytes;
}

/** Takes bytes as they come and gives whole frames. Holds at most one unfinished frame, whose length was checked first. */
export class FrameReader {
  /** Grows to MAX_FRAME_BYTES once the other side has said hello. */
  limit = MAX_HELLO_BYTES;
  #parts: Buffer[] = [];
  #held = 0;

  /** @throws ViverError CLUSTER_BAD_FRAME; the link is of no use after that. */
  *push(chunk: Buffer): Generator<Frame> {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= LENGTH_BYTES + 1) {
      const head = this.#peek(LENGTH_BYTES + 1);
      const length = head.readUInt32BE(0);
      const kind = head[LENGTH_BYTES]!;
      if (length < 1 || length > this.limit || !KINDS.has(kind)) {
        throw new ViverError('CLUSTER_BAD_FRAME', `a frame of kind ${kind} and ${length} bytes`);
      }
      if (this.#held < LENGTH_BYTES + length) return;
      const body = this.#take(LENGTH_BYTES + length).toString('utf8', LENGTH_BYTES + 1);
      yield { kind: kind as FrameKind, body };
    }
  }

  /** The first `count` bytes, which are there, in one piece. */
  #peek(count: number): Buffer {
    if (this.#parts[0]!.length < count) this.#parts = [Buffer.concat(this.#parts, this.#held)];
    return this.#parts[0]!;
  }

  #take(count: number): Buffer {
    const first = this.#peek(count);
    this.#held -= count;
    if (first.length === count) this.#parts.shift();
    else this.#parts[0] = first.subarray(count);
    return first.subarray(0, count);
  }
}
