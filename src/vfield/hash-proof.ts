// Hashes of a file's tree with the proof that they belong to it: the content of `hash request` and `hashes` (BEP 52, messages 21 to 23).
// Pure; the layers of a tree are made when first asked for and kept (64 bytes for each piece).
//
//   root                 height H          An answer is `count` hashes of layer `base` from `index` on (padding included), then the
//     .  uncle           ...               uncles from the lowest to the one next to the root. Uncles that follow from the hashes
//   [a b c d] e f g h    base              themselves are left out, but counted: the first log2(count) - 1 of `proofLayers`.

import { SHA256_BYTES, sameBytes } from './hash.ts';
import { hashAbove, joined, LEAF_BYTES, layerAbove, paddingHash, pieceHeight, treeHeight } from './merkle.ts';

/** BEP 52: "length SHOULD NOT be greater than 512". */
export const MAX_HASHES_ASKED = 512;

/** Which hashes: `count` from `index` on, `baseLayer` layers above the leaves, with uncles of `proofLayers` layers. */
export interface HashRange {
  readonly baseLayer: number;
  readonly index: number;
  readonly count: number;
  readonly proofLayers: number;
}

interface FileShape {
  readonly lengthBytes: number;
  readonly pieceBytes: number;
}

/** Answers hash requests for one file. */
export class HashTree {
  readonly #height: number;
  readonly #pieceHeight: number;
  readonly #lengthBytes: number;
  readonly #layers = new Map<number, Uint8Array>();

  constructor(file: FileShape & { readonly pieceHashes: Uint8Array }) {
    this.#height = treeHeight(file.lengthBytes);
    this.#pieceHeight = Math.min(pieceHeight(file.pieceBytes), this.#height);
    this.#lengthBytes = file.lengthBytes;
    this.#layers.set(this.#pieceHeight, file.pieceHashes);
  }

  /**
   * The bytes of a `hashes` message; undefined means "reject".
   * @param leavesOfPiece Leaf hashes of a piece that is held, needed for layers below the pieces.
   */
  answer(range: HashRange, leavesOfPiece?: (piece: number) => Uint8Array | undefined): Uint8Array | undefined {
    if (!isRangeGood(range, this.#height, this.#lengthBytes)) return undefined;
    const { baseLayer, index, count } = range;
    const piece = (index * 2 ** baseLayer) >>> this.#pieceHeight;
    const isOnePiece = (index + count) * 2 ** baseLayer <= (piece + 1) * 2 ** this.#pieceHeight;
    const leaves = baseLayer < this.#pieceHeight && isOnePiece ? leavesOfPiece?.(piece) : undefined;
    const below = leaves && layersFrom(leaves, this.#pieceHeight);
    const hashes: Uint8Array[] = [];
    for (let at = index; at < index + count; at++) hashes.push(...this.#hash(baseLayer, at, below));
    for (const [layer, at] of unclePlaces(range, this.#height)) hashes.push(...this.#hash(layer, at, below));
    const wanted = count + unclePlaces(range, this.#height).length;
    return hashes.length === wanted ? new Uint8Array(Buffer.concat(hashes)) : undefined;
  }

  /** One hash, or nothing when it would need leaves that are not there. @param below The layers of its piece. */
  #hash(layer: number, at: number, below: readonly Uint8Array[] | undefined): Uint8Array[] {
    if (layer >= this.#pieceHeight) return [hashAt(this.#layer(layer), layer, at)];
    if (below === undefined) return [];
    return [hashAt(below[layer]!, layer, at % 2 ** (this.#pieceHeight - layer))];
  }

  #layer(height: number): Uint8Array {
    const known = this.#layers.get(height);
    if (known) return known;
    const layer = layerAbove(this.#layer(height - 1), height - 1);
    this.#layers.set(height, layer);
    return layer;
  }
}

/** The layers of one piece, from its leaves up, `height` of them. */
function layersFrom(leaves: Uint8Array, height: number): Uint8Array[] {
  const layers = [leaves];
  while (layers.length < height) layers.push(layerAbove(layers.at(-1)!, layers.length - 1));
  return layers;
}

/** True when `hashes`, as they came in a `hashes` message for `range`, lead to the root of the file. */
export function areHashesProved(
  range: HashRange,
  hashes: Uint8Array,
  file: { readonly lengthBytes: number; readonly piecesRoot: Uint8Array },
): boolean {
  const height = treeHeight(file.lengthBytes);
  if (!isRangeGood(range, height, file.lengthBytes)) return false;
  const levels = levelsOf(range.count);
  const base = hashes.subarray(0, range.count * SHA256_BYTES);
  const uncles = hashes.subarray(base.length);
  if (uncles.length !== (height - range.baseLayer - levels) * SHA256_BYTES) return false;
  let current = hashAbove(base, range.baseLayer, levels);
  let at = Math.floor(range.index / 2 ** levels);
  for (let start = 0; start < uncles.length; start += SHA256_BYTES, at = Math.floor(at / 2)) {
    const uncle = uncles.subarray(start, start + SHA256_BYTES);
    current = hashAbove(at % 2 === 0 ? joined(current, uncle) : joined(uncle, current), 0, 1);
  }
  return sameBytes(current, file.piecesRoot);
}

/** The requests that bring the whole piece layer of a file, each with its proof up to the root. None for a file of one piece. */
export function pieceLayerRequests(file: FileShape): HashRange[] {
  const baseLayer = pieceHeight(file.pieceBytes);
  const levels = treeHeight(file.lengthBytes) - baseLayer;
  if (levels <= 0) return [];
  const count = Math.min(MAX_HASHES_ASKED, 2 ** levels);
  const pieceCount = Math.ceil(file.lengthBytes / file.pieceBytes);
  return Array.from({ length: Math.ceil(pieceCount / count) }, (_, at) => ({
    baseLayer,
    index: at * count,
    count,
    proofLayers: levels - 1,
  }));
}

function isRangeGood(range: HashRange, height: number, lengthBytes: number): boolean {
  const { baseLayer, index, count, proofLayers } = range;
  if (count < 1 || count > MAX_HASHES_ASKED || baseLayer > height || proofLayers > height - baseLayer) return false;
  const block = 2 ** levelsOf(count);
  if (index % block !== 0 || index + count > 2 ** (height - baseLayer)) return false;
  // A count that is no power of two is only good where the file's own hashes end.
  const real = Math.ceil(Math.ceil(lengthBytes / LEAF_BYTES) / 2 ** baseLayer);
  return count === block || index + count === real;
}

/** Layer and index of each uncle that belongs into the answer. */
function unclePlaces(range: HashRange, height: number): [layer: number, at: number][] {
  const places: [number, number][] = [];
  const omitted = Math.max(0, levelsOf(range.count) - 1);
  for (let step = omitted; step < range.proofLayers; step++) {
    const layer = range.baseLayer + 1 + step;
    if (layer < height) places.push([layer, Math.floor(range.index / 2 ** (step + 1)) ^ 1]);
  }
  return places;
}

function hashAt(layer: Uint8Array, height: number, at: number): Uint8Array {
  const start = at * SHA256_BYTES;
  return start < layer.length ? layer.subarray(start, start + SHA256_BYTES) : paddingHash(height);
}

function levelsOf(count: number): number {
  return Math.ceil(Math.log2(count));
}
