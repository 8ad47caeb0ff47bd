// The image that all fuzzing is about: always the same bytes, so the same info hashes as in the recorded handshakes.

import { createMetainfo } from '../../src/vfield/create-metainfo.ts';
import type { Metainfo } from '../../src/vfield/metainfo.ts';
import { Random } from './random.ts';

/** Two blocks each: enough for pieces that are half there, small enough for thousands of them. */
export const PIECE_BYTES = 32_768;
export const PIECES = 48;

export interface FuzzImage {
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
}

/** The last piece is not whole. */
export async function fuzzImage(pieces = PIECES, pieceBytes = PIECE_BYTES): Promise<FuzzImage> {
  const bytes = new Uint8Array((pieces - 1) * pieceBytes + Math.min(20_000, pieceBytes - 4384));
  const words = new Uint32Array(bytes.buffer);
  const random = new Random(1);
  for (let at = 0; at < words.length; at++) words[at] = random.u32();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const image = { label: 'fuzz', kernelRelease: '6.1.0-fuzz', architecture: 'x86_64' };
  return { bytes, metainfo: await createMetainfo(chunks(), { name: 'fuzz.squashfs', image, pieceBytes }) };
}
