import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameBytes, sha256 } from './hash.ts';
import { areHashesProved, type HashRange, HashTree, pieceLayerRequests } from './hash-proof.ts';
import { hashAbove, LEAF_BYTES, rootOfPieces } from './merkle.ts';

/** A whole tree written out, from made-up leaf hashes: layers[height][index], padding included. */
function plainTree(leafCount: number): Uint8Array[][] {
  const width = 2 ** Math.ceil(Math.log2(leafCount));
  const leaves = Array.from({ length: width }, (_, at) => (at < leafCount ? sha256(Buffer.from([at, at >> 8])) : zero));
  const layers = [leaves];
  while (layers[0]!.length > 1) {
    const below = layers[0]!;
    layers.unshift(Array.from({ length: below.length / 2 }, (_, at) => pairHash(below[at * 2]!, below[at * 2 + 1]!)));
  }
  return layers.reverse();
}
const zero = new Uint8Array(32);
const pairHash = (a: Uint8Array, b: Uint8Array) => sha256(Buffer.concat([a, b]));

function fileOf(leafCount: number, pieceLeaves: number) {
  const layers = plainTree(leafCount);
  const leaves = layers[0]!.slice(0, leafCount);
  const levels = Math.min(Math.log2(pieceLeaves), layers.length - 1);
  const leavesOfPiece = (piece: number) =>
    new Uint8Array(Buffer.concat(leaves.slice(piece * pieceLeaves, (piece + 1) * pieceLeaves)));
  const pieces = Array.from({ length: Math.ceil(leafCount / pieceLeaves) }, (_, at) =>
    hashAbove(leavesOfPiece(at), 0, levels),
  );
  const pieceHashes = new Uint8Array(Buffer.concat(pieces));
  const shape = { lengthBytes: leafCount * LEAF_BYTES - 5, pieceBytes: pieceLeaves * LEAF_BYTES };
  const piecesRoot = rootOfPieces(pieceHashes, shape.pieceBytes, shape.lengthBytes);
  return { layers, leavesOfPiece, piecesRoot, tree: new HashTree({ ...shape, pieceHashes }), ...shape };
}

/** The answer as BEP 52 words it, from the written-out tree. */
function plainAnswer(layers: Uint8Array[][], range: HashRange): Uint8Array {
  const hashes = layers[range.baseLayer]!.slice(range.index, range.index + range.count);
  const omitted = Math.max(0, Math.ceil(Math.log2(range.count)) - 1);
  let at = range.index;
  for (let step = 0; step < range.proofLayers; step++) {
    at = Math.floor(at / 2);
    const uncle = layers[range.baseLayer + 1 + step]?.[at ^ 1];
    if (step >= omitted && uncle) hashes.push(uncle);
  }
  return new Uint8Array(Buffer.concat(hashes));
}

describe.each([1, 2, 3, 7, 8, 9, 16, 40, 41, 64, 100])('a file of %i leaves', (leafCount) => {
  const file = fileOf(leafCount, 8);
  const height = file.layers.length - 1;

  test('its root is the root of the written-out tree', () => {
    expect(sameBytes(file.piecesRoot, file.layers[height]![0]!)).toBe(true);
  });

  test('every request is answered as written out, proved, and refused with any bit changed', () => {
    for (let baseLayer = 0; baseLayer <= height; baseLayer++) {
      for (let count = 2; count <= 2 ** (height - baseLayer); count *= 2) {
        for (let index = 0; index < 2 ** (height - baseLayer); index += count) {
          const range = { baseLayer, index, count, proofLayers: Math.max(0, height - baseLayer - 1) };
          const answer = file.tree.answer(range, file.leavesOfPiece);
          const needsOtherLeaves = baseLayer < 3 && count * 2 ** baseLayer > 8;
          if (needsOtherLeaves) expect(answer).toBeUndefined();
          else {
            expect(answer).toEqual(plainAnswer(file.layers, range));
            expect(areHashesProved(range, answer!, file)).toBe(true);
            answer![(index * 7 + count) % answer!.length]! ^= 4;
            expect(areHashesProved(range, answer!, file)).toBe(false);
          }
        }
      }
    }
  });

  test('leaves of a piece that is not held are refused', () => {
    if (leafCount < 2) return;
    expect(file.tree.answer({ baseLayer: 0, index: 0, count: 2, proofLayers: 0 }, () => undefined)).toBeUndefined();
  });

  test('the requests for the piece layer bring all of it', () => {
    const hashes = pieceLayerRequests(file).map((range) => file.tree.answer(range)!.subarray(0, range.count * 32));
    const layer = file.layers[Math.min(3, height)]!;
    if (leafCount > 8) expect(new Uint8Array(Buffer.concat(hashes))).toEqual(new Uint8Array(Buffer.concat(layer)));
    else expect(hashes).toEqual([]);
  });
});

test('a count cut off by the end of the layer', () => {
  const file = fileOf(41, 8);
  const range = { baseLayer: 3, index: 4, count: 2, proofLayers: 2 };
  expect(areHashesProved(range, file.tree.answer(range)!, file)).toBe(true);
  const cut = { baseLayer: 3, index: 0, count: 6, proofLayers: 2 };
  expect(areHashesProved(cut, file.tree.answer(cut)!, file)).toBe(true);
  expect(file.tree.answer({ ...cut, count: 5 })).toBeUndefined();
});

test('a layer of more than 512 pieces takes several requests', () => {
  const file = fileOf(1500, 1);
  const requests = pieceLayerRequests(file);
  expect(requests.map((range) => range.index)).toEqual([0, 512, 1024]);
  for (const range of requests) expect(areHashesProved(range, file.tree.answer(range)!, file)).toBe(true);
});

test('any numbers from a peer are answered or refused', () => {
  const file = fileOf(41, 8);
  const u32 = fc.oneof(fc.nat(70), fc.nat(0xffffffff));
  fc.assert(
    fc.property(
      fc.record({ baseLayer: u32, index: u32, count: u32, proofLayers: u32 }),
      fc.uint8Array(),
      (range, junk) => {
        const answer = file.tree.answer(range, file.leavesOfPiece);
        if (answer) expect(answer.length % 32).toBe(0);
        expect(areHashesProved(range, junk, file)).toBe(false);
      },
    ),
    { numRuns: 2000 },
  );
});
