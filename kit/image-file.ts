// Image files as the kit reads them. The format is src/images/format.ts.

import type { FileHandle } from 'node:fs/promises';
import { errorLine, ViverError } from '../src/errors.ts';
import * as images from '../src/images/image-file.ts';
import { LinuxSys } from '../src/sys/linux.ts';
import { damagedPieces } from '../src/vfield/damaged-pieces.ts';
import { openFileSource } from '../src/vfield/file-source.ts';
import { decodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';

export type ImageFile = images.ImageFile<Metainfo>;

const READ_BYTES = 1024 * 1024;

/** Reads what describes an image. @throws ViverError KIT_NO_IMAGE naming the file when it is none or is damaged */
export async function readImageFile(path: string): Promise<ImageFile> {
  try {
    return await images.readImageFile(new LinuxSys(), path, decodeMetainfo);
  } catch (cause) {
    throw new ViverError('KIT_NO_IMAGE', `${path} is no whole .viver image: ${errorLine(cause)}`, { cause });
  }
}

/** Reads the image again. @returns the numbers of the pieces whose bytes are not what the metainfo says. */
export async function damagedPiecesOf(image: ImageFile, onProgress: (part: number) => void): Promise<number[]> {
  const source = await openFileSource(image.path, { sizeBytes: image.metainfo.lengthBytes });
  try {
    return await damagedPieces(source, image.metainfo, onProgress);
  } finally {
    await source.close();
  }
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
