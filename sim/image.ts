// Images for rooms: bytes that follow from a seed, with a real metainfo.

import { createMetainfo } from '../src/vfield/create-metainfo.ts';
import type { Metainfo } from '../src/vfield/metainfo.ts';

/** Pieces of Viver's own images. */
export const PIECE_BYTES = 131_072;

export interface TestImage {
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
}

/** Bytes that differ from piece to piece; the last piece is not whole. @param pieceBytes A power of two, 16 KiB at least. */
export async function makeImage(pieces: number, seed = 1, pieceBytes = PIECE_BYTES): Promise<TestImage> {
  const bytes = new Uint8Array((pieces - 1) * pieceBytes + 4096);
  const words = new Uint32Array(bytes.buffer);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  const image = { label: 'test', kernelRelease: '6.1.0-test', architecture: 'x86_64' };
  async function* chunks() {
    yield bytes;
  }
  return { bytes, metainfo: await createMetainfo(chunks(), { name: 'test.squashfs', pieceBytes, image }) };
}
