import { describe, expect, test } from 'vitest';
import { plain, sha256 } from './hash.ts';
import {
  hashAbove,
  isPieceGood,
  LEAF_BYTES,
  leafHashes,
  paddingHash,
  pieceHash,
  pieceHashOfLeaves,
  rootOfPieces,
  treeHeight,
} from './merkle.ts';

/** Bytes that differ in every leaf. */
function content(lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, at) => (at * 31 + (at >> 8) * 7 + (at >> 14)) & 0xff);
}

/** The root as BEP 52 words it, with every padding leaf written out. */
function plainRoot(bytes: Uint8Array): Uint8Array {
  let layer: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += LEAF_BYTES) layer.push(sha256(bytes.subarray(at, at + LEAF_BYTES)));
  while (!Number.isInteger(Math.log2(layer.length))) layer.push(new Uint8Array(32));
  while (layer.length > 1) {
    layer = layer.flatMap((hash, at) => (at % 2 === 0 ? [sha256(Buffer.concat([hash, layer[at + 1]!]))] : []));
  }
  return layer[0]!;
}

const KIB = 1024;
const SIZES = [1, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES, 100_000, 128 * KIB - 1, 128 * KIB];
const LARGER = [128 * KIB + 1, 256 * KIB, 257 * KIB, 5 * 128 * KIB + 16 * KIB, 700_001, 1024 * KIB];

describe.each([16 * KIB, 32 * KIB, 128 * KIB])('pieces of %i bytes', (pieceBytes) => {
  test.each([...SIZES, ...LARGER])('root of %i bytes', (lengthBytes) => {
    const bytes = content(lengthBytes);
    const hashes: Uint8Array[] = [];
    for (let at = 0; at < lengthBytes; at += pieceBytes) {
      hashes.push(pieceHash(bytes.subarray(at, at + pieceBytes), pieceBytes, lengthBytes));
    }
    expect(rootOfPieces(plain(Buffer.concat(hashes)), pieceBytes, lengthBytes)).toEqual(plainRoot(bytes));
  });
});

test('the height of a tree is where its root stands', () => {
  for (const [leaves, height] of [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [4097, 13],
  ] as const) {
    expect(treeHeight(leaves * LEAF_BYTES)).toBe(height);
    expect(treeHeight((leaves - 1) * LEAF_BYTES + 1)).toBe(height);
  }
});

test('padding hashes are roots of trees of zeros', () => {
  expect(paddingHash(0)).toEqual(new Uint8Array(32));
  expect(paddingHash(3)).toEqual(hashAbove(new Uint8Array(8 * 32), 0, 3));
});

test('a piece is good only with its own bytes and its own length', () => {
  const bytes = content(300_000);
  const pieceBytes = 128 * KIB;
  const pieces = [0, 1, 2].map((index) => bytes.slice(index * pieceBytes, (index + 1) * pieceBytes));
  const pieceHashes = Buffer.concat(pieces.map((piece) => pieceHash(piece, pieceBytes, bytes.length)));
  const file = { pieceHashes, pieceBytes, lengthBytes: bytes.length };
  for (const [index, piece] of pieces.entries()) {
    expect(isPieceGood(file, index, piece)).toBe(true);
    expect(isPieceGood(file, (index + 1) % 3, piece)).toBe(false);
    expect(isPieceGood(file, index, piece.subarray(1))).toBe(false);
    piece[piece.length - 1]! ^= 1;
    expect(isPieceGood(file, index, piece)).toBe(false);
  }
  expect(isPieceGood(file, 3, new Uint8Array(0))).toBe(false);
  expect(pieceHashOfLeaves(leafHashes(pieces[0]!), pieceBytes, bytes.length)).toEqual(
    pieceHash(pieces[0]!, pieceBytes, bytes.length),
  );
});

test('a layer is left as it is, whatever kind of array it comes in', () => {
  const layer = Buffer.from(leafHashes(content(5 * LEAF_BYTES)));
  const before = layer.toString('hex');
  hashAbove(layer, 0, 3);
  expect(layer.toString('hex')).toBe(before);
});
