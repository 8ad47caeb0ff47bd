// All pieces of a source compared with their hashes, one after the other.

import type { BlockSource } from './block-source.ts';
import { isPieceGood } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';

/**
 * Reads every piece and hashes it (BEP 52: SHA-256 Merkle root over blocks of 16 KiB).
 * @param onProgress Called with the part that is done, 0 to 1.
 * @returns the numbers of the pieces that are not what the metainfo says.
 */
export async function damagedPieces(
  source: BlockSource,
  metainfo: Metainfo,
  onProgress: (part: number) => void = () => {},
  signal?: AbortSignal,
): Promise<number[]> {
  const { pieceBytes, pieceCount, lengthBytes } = metainfo;
  const damaged: number[] = [];
  for (let piece = 0; piece < pieceCount; piece++) {
    const start = piece * pieceBytes;
    const bytes = await source.read(start, Math.min(pieceBytes, lengthBytes - start), signal);
    if (!isPieceGood(metainfo, piece, bytes)) damaged.push(piece);
    if (piece % 64 === 0) onProgress(piece / pieceCount);
  }
  return damaged;
}
