// Requests and simple replies of NBD's transmission phase (doc/proto.md "Transmission"), for read-only exports. Pure.
//
//   request  u32 magic | u16 flags | u16 command | u64 cookie | u64 offset | u32 length | payload of a write
//   reply    u32 magic | u32 error | u64 cookie  | payload of a read that went well
//
// The decoder owns what is left of a request that came in parts; checking a request is apart from serving it.

import { ViverError } from '../../errors.ts';
import { Command, MAX_REQUEST_BYTES, NBD_REQUEST_MAGIC, NBD_SIMPLE_REPLY_MAGIC, NbdErrno, nameOf } from './protocol.ts';

export const REQUEST_BYTES = 28;
export const REPLY_HEAD_BYTES = 16;

/** One request. The cookie is 64 bits that go back as they came, kept in halves: no bigint on the hot path. */
export interface Request {
  readonly flags: number;
  readonly command: number;
  readonly cookieHigh: number;
  readonly cookieLow: number;
  /** Past 2^53 it is not exact, and out of range anyway. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Cuts a byte stream into requests, skipping the payload of writes. */
export class RequestDecoder {
  #left = new Uint8Array(REQUEST_BYTES);
  #leftBytes = 0;
  #skipBytes = 0;

  /**
   * The requests that are complete with `chunk`.
   * @throws ViverError `NBD_MAGIC` or `NBD_PAYLOAD`: the stream can't be followed any more, the connection must be closed.
   */
  push(chunk: Uint8Array): Request[] {
    const requests: Request[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#skipBytes > 0) at += this.#skip(chunk.length - at);
      else if (this.#leftBytes === 0 && chunk.length - at >= REQUEST_BYTES) {
        requests.push(this.#take(chunk, at));
        at += REQUEST_BYTES;
      } else {
        at += this.#keep(chunk.subarray(at));
        if (this.#leftBytes === REQUEST_BYTES) {
          this.#leftBytes = 0;
          requests.push(this.#take(this.#left, 0));
        }
      }
    }
    return requests;
  }

  #skip(available: number): number {
    const skipped = Math.min(this.#skipBytes, available);
    this.#skipBytes -= skipped;
    return skipped;
  }

  #keep(bytes: Uint8Array): number {
    const kept = Math.min(REQUEST_BYTES - this.#leftBytes, bytes.length);
    this.#left.set(bytes.subarray(0, kept), this.#leftBytes);
    this.#leftBytes += kept;
    return kept;
  }

  #take(bytes: Uint8Array, at: number): Request {
    const request = decodeRequest(bytes, at);
    if (request.command === Command.write) {
      if (request.lengthBytes > MAX_REQUEST_BYTES) {
        throw new ViverError(
          'NBD_PAYLOAD',
          `nbd: a write of ${request.lengthBytes} bytes, more than ${MAX_REQUEST_BYTES}`,
        );
      }
      this.#skipBytes = request.lengthBytes;
    }
    return request;
  }
}

/** The request whose 28 bytes begin at `at`. @throws ViverError `NBD_MAGIC` */
export function decodeRequest(bytes: Uint8Array, at = 0): Request {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, REQUEST_BYTES);
  const magic = view.getUint32(0);
  if (magic !== NBD_REQUEST_MAGIC) {
    throw new ViverError('NBD_MAGIC', `nbd: a request begins with 0x${magic.toString(16)}`, { details: { magic } });
  }
  return {
    flags: view.getUint16(4),
    command: view.getUint16(6),
    cookieHigh: view.getUint32(8),
    cookieLow: view.getUint32(12),
    offsetBytes: view.getUint32(16) * 2 ** 32 + view.getUint32(20),
    lengthBytes: view.getUint32(24),
  };
}

/** The bytes of a request, for clients and tests. */
export function encodeRequest(request: Request): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, NBD_REQUEST_MAGIC);
  view.setUint16(4, request.flags);
  view.setUint16(6, request.command);
  view.setUint32(8, request.cookieHigh);
  view.setUint32(12, request.cookieLow);
  view.setBigUint64(16, BigInt(request.offsetBytes));
  view.setUint32(24, request.lengthBytes);
  return bytes;
}

/** Why a request on a read-only export of `sizeBytes` is refused; `ok` for a read to be served. DISC is the caller's. */
export function checkRequest(request: Request, sizeBytes: number): NbdErrno {
  switch (request.command) {
    case Command.read:
      return isReadable(request, sizeBytes) ? NbdErrno.ok : NbdErrno.EINVAL;
    case Command.write:
    case Command.trim:
    case Command.writeZeroes:
      return NbdErrno.EPERM;
    default:
      // FLUSH too: SEND_FLUSH was not offered. So are CACHE, BLOCK_STATUS, RESIZE and what is still to be invented.
      return NbdErrno.EINVAL;
  }
}

/**
 * Flags are all refused: each needs a transmission flag that is not offered (proto.md "Command flags"). So is a read of nothing, which proto.md leaves open and
 * libnbd's tests expect to be refused.
 */
function isReadable({ flags, offsetBytes, lengthBytes }: Request, sizeBytes: number): boolean {
  return flags === 0 && lengthBytes > 0 && lengthBytes <= MAX_REQUEST_BYTES && offsetBytes <= sizeBytes - lengthBytes;
}

/** Writes the 16 bytes before a reply's payload. */
export function encodeReplyHead(bytes: Uint8Array, request: Request, error: NbdErrno): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, REPLY_HEAD_BYTES);
  view.setUint32(0, NBD_SIMPLE_REPLY_MAGIC);
  view.setUint32(4, error);
  view.setUint32(8, request.cookieHigh);
  view.setUint32(12, request.cookieLow);
}

/** One line for a log. */
export function formatRequest(request: Request): string {
  const { command, flags, offsetBytes, lengthBytes } = request;
  return `${nameOf(Command, command)}${flags ? ` flags ${flags}` : ''} ${lengthBytes} bytes at ${offsetBytes}`;
}
