// Reading an image file from the desk: superblock, header, metainfo, pieces. The format itself is src/images/format.ts.

import { type FileHandle, open } from 'node:fs/promises';
import { errorLine, ViverError } from '../src/errors.ts';
import {
  decodeImageHeader,
  decodeSquashfsSuperblock,
  headerOffset,
  IMAGE_HEADER_BYTES,
  imageLengthBytes,
  SQUASHFS_SUPERBLOCK_BYTES,
  type SquashfsSuperblock,
} from '../src/images/format.ts';
import { sameBytes } from '../src/vfield/hash.ts';
import { hashAbove, leafHashes, pieceHeight, treeHeight } from '../src/vfield/merkle.ts';
import { decodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';

export interface ImageFile {
  readonly path: string;
  readonly superblock: SquashfsSuperblock;
  readonly metainfo: Metainfo;
  readonly metainfoBytes: Uint8Array;
  /** Whole length of the image, which a partition may exceed. */
  readonly lengthBytes: number;
}

const READ_BYTES = 1024 * 1024;

/** Reads what describes an image. @throws ViverError KIT_NO_IMAGE naming the file when it is none or is damaged */
export async function readImageFile(path: string): Promise<ImageFile> {
  const file = await open(path, 'r');
  try {
    return await readOpenFile(file, path);
  } catch (cause) {
    throw new ViverError('KIT_NO_IMAGE', `${path} is no whole .viver image: ${errorLine(cause)}`, { cause });
  } finally {
    await file.close();
  }
}

async function readOpenFile(file: FileHandle, path: string): Promise<ImageFile> {
  const superblock = decodeSquashfsSuperblock(await readAt(file, 0, SQUASHFS_SUPERBLOCK_BYTES));
  const offset = headerOffset(superblock);
  const header = decodeImageHeader(await readAt(file, offset, IMAGE_HEADER_BYTES));
  const metainfoBytes = await readAt(file, offset + IMAGE_HEADER_BYTES, header.metainfoLengthBytes);
  const metainfo = decodeMetainfo(metainfoBytes);
  if (metainfo.lengthBytes !== offset) {
    throw new ViverError(
      'IMAGE_BAD_LENGTH',
      `the metainfo describes ${metainfo.lengthBytes} bytes, the squashfs has ${offset}`,
    );
  }
  return { path, superblock, metainfo, metainfoBytes, lengthBytes: imageLengthBytes(superblock, header) };
}

/** The bytes `from` to `to` of a file in pieces of 1 MiB. Short files end early. */
export async function* readChunks(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < to; ) {
    const chunk = await readUpTo(file, offset, Math.min(READ_BYTES, to - offset));
    if (chunk.length === 0) return;
    yield chunk;
    offset += chunk.length;
  }
}

/**
 * Hashes every piece again (BEP 52: SHA-256 Merkle root over blocks of 16 KiB).
 * @returns the numbers of the pieces whose bytes are not what the metainfo says.
 */
export async function damagedPieces(
  image: ImageFile,
  onProgress: (part: number) => void = () => {},
): Promise<number[]> {
  const { pieceBytes, pieceCount, pieceHashes, lengthBytes } = image.metainfo;
  // A file of one piece has no layer of pieces: its hash is the root of just its own leaves.
  const height = pieceCount === 1 ? treeHeight(lengthBytes) : pieceHeight(pieceBytes);
  const damaged: number[] = [];
  const file = await open(image.path, 'r');
  try {
    for (let piece = 0; piece < pieceCount; piece++) {
      const start = piece * pieceBytes;
      const bytes = await readUpTo(file, start, Math.min(pieceBytes, lengthBytes - start));
      const hash = hashAbove(leafHashes(bytes), 0, height);
      if (!sameBytes(hash, pieceHashes.subarray(piece * 32, piece * 32 + 32))) damaged.push(piece);
      if (piece % 64 === 0) onProgress(piece / pieceCount);
    }
  } finally {
    await file.close();
  }
  return damaged;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await readUpTo(file, offset, length);
  if (bytes.length < length) {
    throw new ViverError('IMAGE_SHORT', `the file ends at ${offset + bytes.length}, ${offset + length} bytes wanted`);
  }
  return bytes;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
