// Makes the metainfo of an image from a stream of its bytes: SHA-256 leaves and SHA-1 pieces in one pass.
// Holds one piece of memory and the hashes; the caller owns the stream. What is slow here is hashing alone.

import { ViverError } from '../errors.ts';
import { sha1 } from './hash.ts';
import { pieceHash, rootOfPieces } from './merkle.ts';
import {
  checkPieceBytes,
  checkText,
  DEFAULT_PIECE_BYTES,
  decodeInfo,
  encodeInfo,
  type ImageFacts,
  type Metainfo,
  withPieceHashes,
} from './metainfo.ts';

export interface CreateMetainfoOptions {
  /** File name that clients give the image, such as `debian.squashfs`. */
  readonly name: string;
  /** Power of two from 16 KiB to 16 MiB; 128 KiB when left out. */
  readonly pieceBytes?: number;
  readonly image: ImageFacts;
  /** Unix time; left out for the same bytes every time. */
  readonly createdSeconds?: number;
  /** Called after each piece with the bytes hashed so far. */
  onProgress?(bytes: number): void;
}

/**
 * Hashes all of `chunks` (any sizes) into the metainfo of one file.
 * @throws ViverError `METAINFO_*` for a bad name, piece length or empty stream; what the stream throws passes through.
 */
export async function createMetainfo(
  chunks: AsyncIterable<Uint8Array>,
  options: CreateMetainfoOptions,
): Promise<Metainfo> {
  const pieceBytes = options.pieceBytes ?? DEFAULT_PIECE_BYTES;
  checkOptions(options, pieceBytes);
  const hashes = new PieceHashes();
  for await (const piece of piecesOf(chunks, pieceBytes)) {
    hashes.add(piece, pieceBytes);
    options.onProgress?.(hashes.lengthBytes);
  }
  if (hashes.lengthBytes === 0) throw new ViverError('METAINFO_LENGTH', 'metainfo: an empty file is no image');
  return finish(hashes, pieceBytes, options);
}

function finish(hashes: PieceHashes, pieceBytes: number, options: CreateMetainfoOptions): Metainfo {
  const lengthBytes = hashes.lengthBytes;
  const pieceHashes = hashes.layer(pieceBytes);
  const infoBytes = encodeInfo({
    name: options.name,
    lengthBytes,
    pieceBytes,
    piecesRoot: rootOfPieces(pieceHashes, pieceBytes, lengthBytes),
    pieceSha1s: Buffer.concat(hashes.sha1s),
    image: options.image,
  });
  return withPieceHashes(decodeInfo(infoBytes), pieceHashes, options.createdSeconds);
}

function checkOptions(options: CreateMetainfoOptions, pieceBytes: number): void {
  checkPieceBytes(pieceBytes);
  const { label, kernelRelease, architecture } = options.image;
  for (const [what, text] of Object.entries({ name: options.name, label, kernelRelease, architecture })) {
    checkText(new TextEncoder().encode(text), what);
  }
}

/** Both hashes of each piece. The first piece is kept, since alone it is hashed without padding (BEP 52). */
class PieceHashes {
  readonly sha1s: Uint8Array[] = [];
  lengthBytes = 0;
  readonly #sha256s: Uint8Array[] = [];
  #onlyPiece: Uint8Array | undefined;

  add(piece: Uint8Array, pieceBytes: number): void {
    this.#onlyPiece = this.lengthBytes === 0 ? new Uint8Array(piece) : undefined;
    this.lengthBytes += piece.length;
    this.sha1s.push(sha1(piece));
    // As one of many; what matters of the length here is only that it is more than one piece.
    this.#sha256s.push(pieceHash(piece, pieceBytes, pieceBytes + 1));
  }

  layer(pieceBytes: number): Uint8Array {
    if (this.#onlyPiece !== undefined) return pieceHash(this.#onlyPiece, pieceBytes, this.lengthBytes);
    return Buffer.concat(this.#sha256s);
  }
}

/** Cuts a stream into pieces; a piece is valid until the next one is asked for. */
async function* piecesOf(chunks: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      if (filled === 0 && chunk.length - at >= pieceBytes) {
        yield chunk.subarray(at, at + pieceBytes);
        at += pieceBytes;
        continue;
      }
      const taken = Math.min(pieceBytes - filled, chunk.length - at);
      buffer.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled === pieceBytes) {
        yield buffer;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
