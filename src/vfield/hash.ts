// The two hash functions of the field: SHA-256 (BEP 52) and SHA-1 (BEP 3, for old clients). The one file here that imports node:crypto.
// Views over a SharedArrayBuffer are fine.

import { hash } from 'node:crypto';

export const SHA256_BYTES = 32;
export const SHA1_BYTES = 20;

/** SHA-256 of `bytes`, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return plain(hash('sha256', bytes, 'buffer'));
}

/**
 * The same into `target` at `at`: without a buffer for each result, which for small inputs costs more than hashing and keeps the garbage collector busy.
 */
export function sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void {
  const result = hash('sha256', bytes, 'latin1');
  for (let index = 0; index < SHA256_BYTES; index++) target[at + index] = result.charCodeAt(index);
}

/** SHA-1 of `bytes`, 20 bytes. Only where BEP 3 asks for it. */
export function sha1(bytes: Uint8Array): Uint8Array {
  return plain(hash('sha1', bytes, 'buffer'));
}

/** A Buffer differs where it hurts (`slice` is a view, tests compare types): only plain arrays leave this room. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** True when both have the same length and content. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
