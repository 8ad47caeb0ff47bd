// Framing of QEMU's stream network back end (qemu net/stream.c, net/net.c net_fill_rstate): each Ethernet frame is preceded by its
// length as 4 bytes, big-endian. Pure. The bytes of a chunk are not copied: a frame is a range of a buffer, its length in front.

import { ViverError } from '../src/errors.ts';

/** Bytes of the length in front of each frame. */
export const FRAME_HEADER_BYTES = 4;

/** QEMU's own limit (NET_BUFSIZE, net/net.h). */
export const MAX_FRAME_BYTES = 4096 + 65536;

/** Ethernet without frame check sequence: two addresses and a type. */
export const MIN_FRAME_BYTES = 14;

/** Takes one frame: `bytes[start..end)` with its length header; the frame itself begins FRAME_HEADER_BYTES after `start`. */
export type FrameTaker = (bytes: Uint8Array, start: number, end: number) => void;

/** Cuts a byte stream into frames. A frame that is split over chunks is put together in a buffer of its own. */
export class FrameDecoder {
  readonly #partial = new Uint8Array(FRAME_HEADER_BYTES + MAX_FRAME_BYTES);
  #held = 0;

  /**
   * Gives every frame that is complete to `take`, in order.
   * @throws ViverError LAB_FRAME_LENGTH when a length is impossible; the stream can't be used after.
   */
  push(chunk: Uint8Array, take: FrameTaker): void {
    let at = this.#held > 0 ? this.#finishPartial(chunk, take) : 0;
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + frameLength(chunk, at);
      if (end > chunk.length) break;
      take(chunk, at, end);
      at = end;
    }
    this.#partial.set(chunk.subarray(at), this.#held);
    this.#held += chunk.length - at;
  }

  /** Completes the frame begun in an earlier chunk; returns how much of this chunk it used. */
  #finishPartial(chunk: Uint8Array, take: FrameTaker): number {
    let used = this.#fill(chunk, 0, FRAME_HEADER_BYTES);
    if (this.#held < FRAME_HEADER_BYTES) return used;
    const wanted = FRAME_HEADER_BYTES + frameLength(this.#partial, 0);
    used = this.#fill(chunk, used, wanted);
    if (this.#held < wanted) return used;
    this.#held = 0;
    take(this.#partial.slice(0, wanted), 0, wanted);
    return used;
  }

  #fill(chunk: Uint8Array, from: number, wanted: number): number {
    const count = Math.min(Math.max(wanted - this.#held, 0), chunk.length - from);
    this.#partial.set(chunk.subarray(from, from + count), this.#held);
    this.#held += count;
    return from + count;
  }
}

/** A frame with its length in front, as QEMU wants it. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, FRAME_HEADER_BYTES);
  return bytes;
}

function frameLength(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) {
    throw new ViverError('LAB_FRAME_LENGTH', `a frame of ${length} bytes is impossible`, { details: { length } });
  }
  return length;
}
