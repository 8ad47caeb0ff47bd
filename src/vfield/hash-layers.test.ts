import { expect, it } from 'vitest';
import { createMetainfo } from './create-metainfo.ts';
import { HashLayers, pieceLayerRequests, provenHashes } from './hash-layers.ts';
import type { Metainfo } from './metainfo.ts';

const PIECE = 32_768;

async function metainfoOf(pieces: number): Promise<Metainfo> {
  async function* chunks() {
    for (let piece = 0; piece < pieces; piece++) yield new Uint8Array(piece === pieces - 1 ? 5000 : PIECE).fill(piece);
  }
  const image = { label: 'a', kernelRelease: 'b', architecture: 'c' };
  return createMetainfo(chunks(), { name: 'x', pieceBytes: PIECE, image });
}

it('answers bring the whole piece layer, proved against the root', async () => {
  for (const pieces of [1, 2, 3, 5, 64, 512, 513, 1100, 1537]) {
    const metainfo = await metainfoOf(pieces);
    const layers = new HashLayers(metainfo);
    const parts = pieceLayerRequests(metainfo).map((range) => provenHashes(metainfo, range, layers.answer(range)!)!);
    const layer = pieces === 1 ? metainfo.piecesRoot : Buffer.concat(parts).subarray(0, pieces * 32);
    expect(Buffer.compare(layer, metainfo.pieceHashes), `${pieces} pieces`).toBe(0);
  }
});

it('one wrong bit, in a hash or an uncle, is seen', async () => {
  const metainfo = await metainfoOf(1100);
  const layers = new HashLayers(metainfo);
  for (const range of pieceLayerRequests(metainfo)) {
    const answer = layers.answer(range)!;
    for (const at of [0, 32 * 200 + 3, answer.length - 1]) {
      const wrong = answer.slice();
      wrong[at]! ^= 1;
      expect(provenHashes(metainfo, range, wrong)).toBeUndefined();
    }
    expect(provenHashes(metainfo, range, answer.subarray(32))).toBeUndefined();
  }
});

it('odd requests are refused, not answered wrongly', async () => {
  const metainfo = await metainfoOf(1100);
  const layers = new HashLayers(metainfo);
  const good = pieceLayerRequests(metainfo)[1]!;
  const odd = [
    { baseLayer: 0 },
    { count: 3 },
    { count: 1 },
    { count: 0 },
    { count: 1024 },
    { index: 100 },
    { index: 4096 },
    { proofLayers: 4_000_000_000 },
    { piecesRoot: new Uint8Array(32) },
  ];
  for (const change of odd) expect(layers.answer({ ...good, ...change }), JSON.stringify(change)).toBeUndefined();
  expect(layers.answer({ ...good, proofLayers: 0 })?.length).toBe(512 * 32);
});
