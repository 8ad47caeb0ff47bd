// The key by which a piece and a member choose each other in placement: the same number on every machine. Pure.

/** FNV-1a, 32 bits, of a text. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A 32-bit hash of a piece number and a seed (finalizer of MurmurHash3). */
export function mix(piece: number, seed: number): number {
  let hash = seed ^ Math.imul(piece + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const MANTISSA_BITS = 12;
/** log2(1 + m / 4096) in units of 2^-16; rounded, so that no machine's floating point can make a difference. */
const logOfMantissa = Int32Array.from({ length: 1 << MANTISSA_BITS }, (_, mantissa) =>
  Math.round(Math.log2(1 + mantissa / (1 << MANTISSA_BITS)) * 65_536),
);

/**
 * -log2(hash / 2^32) in units of 2^-16: exponentially distributed, so that the smallest quotient by weight is a fair weighted draw.
 * @returns An integer of 0 to 2^21.
 */
export function exponential(hash: number): number {
  const value = hash === 0 ? 1 : hash;
  const power = 31 - Math.clz32(value);
  const mantissa = ((value << (31 - power)) >>> (31 - MANTISSA_BITS)) & ((1 << MANTISSA_BITS) - 1);
  return (32 - power) * 65_536 - logOfMantissa[mantissa]!;
}

/** Where a member stands for a piece: the smallest key is the first choice. Weighted by what the member can keep. */
export function pieceKey(piece: number, seed: number, capacity: number): number {
  return exponential(mix(piece, seed)) / capacity;
}
