// A boot trace: the pieces of an image in the order in which a boot first reads them. Advice for fetching ahead, under no hash. Pure.
//
// Encoded as one number for each piece: its distance from the piece after the one before it (the first: from piece 0), zig-zag (0, -1, 1, -2 …
// become 0, 1, 2, 3 …), as a varint of 7 bits a byte, the low ones first, bit 7 set on all bytes but the last. So a run of pieces takes a byte each.

import { ViverError } from '../errors.ts';
import { BitSet } from './bitset.ts';

/** Pieces in a trace: 4 GiB in pieces of 128 KiB; a boot to a desktop reads some hundred MiB. */
export const MAX_TRACE_PIECES = 32_768;
/** Bytes of an encoded trace: 4 for each piece, what the largest jump in an image takes. Fits into one peer message. */
export const MAX_TRACE_BYTES = 131_072;
/** Bytes of one number: 28 bits. */
const MAX_NUMBER_BYTES = 4;

/** @throws ViverError `TRACE_INVALID` or `TRACE_LIMIT` for a trace that `decodeBootTrace` would refuse. */
export function encodeBootTrace(pieces: readonly number[], pieceCount: number): Uint8Array {
  checkBootTrace(pieces, pieceCount);
  const bytes: number[] = [];
  let next = 0;
  for (const piece of pieces) {
    const jump = piece - next;
    let rest = jump < 0 ? -2 * jump - 1 : 2 * jump;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
    next = piece + 1;
  }
  if (bytes.length > MAX_TRACE_BYTES) throw limit(`${bytes.length} bytes`);
  return Uint8Array.from(bytes);
}

/**
 * @param pieceCount Of the image that the trace is for.
 * @throws ViverError `TRACE_INVALID` when it is empty, cut off, names a piece twice or one outside the image; `TRACE_LIMIT`.
 */
export function decodeBootTrace(bytes: Uint8Array, pieceCount: number): number[] {
  if (bytes.length > MAX_TRACE_BYTES) throw limit(`${bytes.length} bytes`);
  const pieces: number[] = [];
  let next = 0;
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = numberAt(bytes, at);
    const piece = next + (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
    if (pieces.push(piece) > MAX_TRACE_PIECES) throw limit(`more than ${MAX_TRACE_PIECES} pieces`);
    next = piece + 1;
    at = end;
  }
  checkBootTrace(pieces, pieceCount);
  return pieces;
}

/** Throws `TRACE_INVALID` or `TRACE_LIMIT` unless these are 1 to 32,768 different pieces of an image of `pieceCount`. */
export function checkBootTrace(pieces: readonly number[], pieceCount: number): void {
  if (pieces.length === 0) throw invalid('it has no pieces');
  if (pieces.length > MAX_TRACE_PIECES) throw limit(`${pieces.length} pieces`);
  const seen = new BitSet(pieceCount);
  for (const piece of pieces) {
    if (!Number.isInteger(piece) || piece < 0 || piece >= pieceCount)
      throw invalid(`piece ${piece} of an image of ${pieceCount}`);
    if (!seen.add(piece)) throw invalid(`piece ${piece} comes twice`);
  }
}

/** One number in its shortest form. */
function numberAt(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < start + MAX_NUMBER_BYTES; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw invalid(`it ends in the middle of a number (offset ${start})`);
    value |= (byte & 0x7f) << (7 * (at - start));
    if (byte >= 0x80) continue;
    if (byte === 0 && at > start) throw invalid(`a number is not in its shortest form (offset ${start})`);
    return { value, end: at + 1 };
  }
  throw invalid(`a number has more than ${MAX_NUMBER_BYTES} bytes (offset ${start})`);
}

function invalid(message: string): ViverError {
  return new ViverError('TRACE_INVALID', `boot trace: ${message}`);
}

function limit(what: string): ViverError {
  return new ViverError(
    'TRACE_LIMIT',
    `boot trace: ${what}; at most ${MAX_TRACE_PIECES} pieces and ${MAX_TRACE_BYTES} bytes`,
  );
}
