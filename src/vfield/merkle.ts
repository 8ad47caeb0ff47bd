// The SHA-256 tree of a file (BEP 52, "pieces root"): leaves are hashes of 16 KiB blocks, the last one maybe shorter; leaves
// beyond the end of the file are 32 zero bytes. A layer is its hashes one after the other in one byte array, beyond-the-end left out.
// Pure, no state but the cache of padding hashes.

import { SHA256_BYTES, sha256, sha256Into } from './hash.ts';

/** Bytes below one leaf of the tree, which is also what one request between peers asks for. */
export const LEAF_BYTES = 16_384;

const padding: Uint8Array[] = [new Uint8Array(SHA256_BYTES)];

/** The hash that stands `height` layers above the leaves where the file has no bytes at all. */
export function paddingHash(height: number): Uint8Array {
  for (let known = padding.length; known <= height; known++) {
    const below = padding[known - 1]!;
    padding.push(sha256(joined(below, below)));
  }
  return padding[height]!;
}

/** SHA-256 of each 16 KiB of `bytes`. */
export function leafHashes(bytes: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(Math.ceil(bytes.length / LEAF_BYTES) * SHA256_BYTES);
  hashLeaves(bytes, hashes);
  return hashes;
}

/** @returns How many hashes it wrote into `hashes`. */
function hashLeaves(bytes: Uint8Array, hashes: Uint8Array): number {
  const count = Math.ceil(bytes.length / LEAF_BYTES);
  for (let leaf = 0; leaf < count; leaf++) {
    sha256Into(bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES), hashes, leaf * SHA256_BYTES);
  }
  return count;
}

/** The layer above `layer`, which stands `height` layers above the leaves. */
export function layerAbove(layer: Uint8Array, height: number): Uint8Array {
  const hashes = new Uint8Array(layer); // a copy, also of a Buffer
  return hashes.subarray(0, fold(hashes, layer.length / SHA256_BYTES, height) * SHA256_BYTES);
}

/** Puts the layer above in place of the first `count` hashes. @returns How many hashes that layer has. */
function fold(hashes: Uint8Array, count: number, height: number): number {
  for (let left = 0; left + 1 < count; left += 2) {
    const pair = hashes.subarray(left * SHA256_BYTES, (left + 2) * SHA256_BYTES);
    sha256Into(pair, hashes, (left / 2) * SHA256_BYTES);
  }
  if (count % 2 === 1) {
    const last = hashes.subarray((count - 1) * SHA256_BYTES, count * SHA256_BYTES);
    sha256Into(joined(last, paddingHash(height)), hashes, (count >> 1) * SHA256_BYTES);
  }
  return (count + 1) >> 1;
}

/** The hash `levels` layers above `layer`, whose hashes stand `height` above the leaves and all lie below that one hash. */
export function hashAbove(layer: Uint8Array, height: number, levels: number): Uint8Array {
  let current = layer;
  for (let level = 0; level < levels; level++) current = layerAbove(current, height + level);
  return current;
}

/** Layers between the leaves and the root of a file: 0 for a file of one leaf. */
export function treeHeight(lengthBytes: number): number {
  return Math.ceil(Math.log2(Math.max(1, Math.ceil(lengthBytes / LEAF_BYTES))));
}

/** Layers between the leaves and the hashes of pieces: 3 for pieces of 128 KiB. */
export function pieceHeight(pieceBytes: number): number {
  return Math.log2(pieceBytes / LEAF_BYTES);
}

/** How many layers of the tree one piece of this file has: the only piece of a small file is not padded to a whole one. */
function levelsOfPiece(pieceBytes: number, fileBytes: number): number {
  return Math.min(pieceHeight(pieceBytes), treeHeight(fileBytes));
}

/** The hash of one piece, as in the piece layer. @param fileBytes Length of the whole file. */
export function pieceHash(piece: Uint8Array, pieceBytes: number, fileBytes: number): Uint8Array {
  return hashAbove(leafHashes(piece), 0, levelsOfPiece(pieceBytes, fileBytes));
}

/** The hash of one piece out of the hashes of its leaves. */
export function pieceHashOfLeaves(leaves: Uint8Array, pieceBytes: number, fileBytes: number): Uint8Array {
  return hashAbove(leaves, 0, levelsOfPiece(pieceBytes, fileBytes));
}

/** The pieces root of a file out of all hashes of its pieces. */
export function rootOfPieces(pieceHashes: Uint8Array, pieceBytes: number, fileBytes: number): Uint8Array {
  const height = pieceHeight(pieceBytes);
  return hashAbove(pieceHashes, height, Math.max(0, treeHeight(fileBytes) - height));
}

/** For the hashes of the piece that is being checked: every piece of a download comes through here, and each new array is work for the garbage collector. */
let scratch = new Uint8Array(0);

/** True when `piece` has the hash that `pieceHashes` names for `index`. */
export function isPieceGood(
  file: { pieceHashes: Uint8Array; pieceBytes: number; lengthBytes: number },
  index: number,
  piece: Uint8Array,
): boolean {
  const start = index * file.pieceBytes;
  if (piece.length !== Math.min(file.pieceBytes, file.lengthBytes - start)) return false;
  return isHashOf(piece, file, file.pieceHashes, index);
}

/** True when `piece` has the hash that stands in `hashes` at this index. */
export function isHashOf(
  piece: Uint8Array,
  file: { pieceBytes: number; lengthBytes: number },
  hashes: Uint8Array,
  index: number,
): boolean {
  const wanted = Math.ceil(piece.length / LEAF_BYTES) * SHA256_BYTES;
  if (scratch.length < wanted) scratch = new Uint8Array(wanted);
  let count = hashLeaves(piece, scratch);
  const levels = levelsOfPiece(file.pieceBytes, file.lengthBytes);
  for (let level = 0; level < levels; level++) count = fold(scratch, count, level);
  const start = index * SHA256_BYTES;
  for (let at = 0; at < SHA256_BYTES; at++) if (scratch[at] !== hashes[start + at]) return false;
  return true;
}

/** Two hashes, ready to be hashed into their parent. */
export function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(left.length + right.length);
  pair.set(left);
  pair.set(right, left.length);
  return pair;
}
