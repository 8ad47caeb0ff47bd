// Hash requests of BEP 52 for the piece layer: what we answer, and the proof of what others answer. Pure.
//
// A request names `count` hashes from `index` on, a power of two and a multiple of it. The answer brings these hashes and, above the subtree that they
// make, one uncle hash for each layer up to (not including) the root. The first log2(count) - 1 proof layers are counted but not sent.

import { SHA256_BYTES, sameBytes, sha256 } from './hash.ts';
import { hashAbove, joined, layerAbove, paddingHash, pieceHeight, treeHeight } from './merkle.ts';
import type { Metainfo, MetainfoCore } from './metainfo.ts';
import type { HashRange } from './peer/messages.ts';

/** BEP 52: a request should not ask for more. */
export const MAX_HASHES_PER_REQUEST = 512;

/** The layers of an image's tree from the pieces up, made when first asked for. */
export class HashLayers {
  readonly #metainfo: Metainfo;
  #layers: Uint8Array[] | undefined;

  constructor(metainfo: Metainfo) {
    this.#metainfo = metainfo;
  }

  /** The hashes that answer `range`, uncles last; undefined when it is to be rejected. */
  answer(range: HashRange): Uint8Array | undefined {
    const base = pieceHeight(this.#metainfo.pieceBytes);
    const height = treeHeight(this.#metainfo.lengthBytes) - base;
    if (!isAnswerable(range, base, height) || !sameBytes(range.piecesRoot, this.#metainfo.piecesRoot)) return undefined;
    const parts = [this.#slice(0, range.index, range.count)];
    const subtree = Math.log2(range.count);
    const uncles = Math.min(range.proofLayers - (subtree - 1), height - subtree);
    for (let step = 0; step < uncles; step++) {
      const layer = subtree + step;
      parts.push(this.#slice(layer, (range.index >> layer) ^ 1, 1));
    }
    return parts.reduce(joined);
  }

  #slice(layer: number, index: number, count: number): Uint8Array {
    this.#layers ??= this.#build();
    const known = this.#layers[layer]!.subarray(index * SHA256_BYTES, (index + count) * SHA256_BYTES);
    const padding = paddingHash(pieceHeight(this.#metainfo.pieceBytes) + layer);
    const hashes = new Uint8Array(count * SHA256_BYTES);
    hashes.set(known);
    for (let at = known.length; at < hashes.length; at += SHA256_BYTES) hashes.set(padding, at);
    return hashes;
  }

  #build(): Uint8Array[] {
    const base = pieceHeight(this.#metainfo.pieceBytes);
    const layers = [this.#metainfo.pieceHashes];
    while (layers.at(-1)!.length > SHA256_BYTES) layers.push(layerAbove(layers.at(-1)!, base + layers.length - 1));
    return layers;
  }
}

function isAnswerable(range: HashRange, base: number, height: number): boolean {
  const { count, index } = range;
  const isPower = Number.isInteger(Math.log2(count));
  if (range.baseLayer !== base || height < 1 || !isPower || count < 2 || count > MAX_HASHES_PER_REQUEST) return false;
  return index % count === 0 && index + count <= 2 ** height && range.proofLayers <= height;
}

/** The requests that together bring the whole piece layer, each with its proof. None for an image of one piece. */
export function pieceLayerRequests(core: MetainfoCore): HashRange[] {
  const base = pieceHeight(core.pieceBytes);
  const height = treeHeight(core.lengthBytes) - base;
  if (height < 1) return [];
  const count = Math.min(MAX_HASHES_PER_REQUEST, 2 ** height);
  const ranges: HashRange[] = [];
  for (let index = 0; index < core.pieceCount; index += count) {
    ranges.push({ piecesRoot: core.piecesRoot, baseLayer: base, index, count, proofLayers: height - 1 });
  }
  return ranges;
}

/** The hashes of an answer without its uncles, or undefined when they do not lead to the pieces root. */
export function provenHashes(core: MetainfoCore, range: HashRange, hashes: Uint8Array): Uint8Array | undefined {
  const base = pieceHeight(core.pieceBytes);
  const height = treeHeight(core.lengthBytes) - base;
  const subtree = Math.log2(range.count);
  if (hashes.length !== (range.count + height - subtree) * SHA256_BYTES) return undefined;
  const own = hashes.subarray(0, range.count * SHA256_BYTES);
  let hash = hashAbove(own, base, subtree);
  for (let layer = subtree; layer < height; layer++) {
    const at = (range.count + layer - subtree) * SHA256_BYTES;
    const uncle = hashes.subarray(at, at + SHA256_BYTES);
    hash = sha256((range.index >> layer) & 1 ? joined(uncle, hash) : joined(hash, uncle));
  }
  return sameBytes(hash, core.piecesRoot) ? own : undefined;
}
