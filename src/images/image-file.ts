// What describes an image, read from the file or partition that holds it: superblock, header, metainfo (format.ts).

import { ViverError } from '../errors.ts';
import type { Sys } from '../sys/sys.ts';
import {
  decodeImageHeader,
  decodeSquashfsSuperblock,
  headerOffset,
  IMAGE_HEADER_BYTES,
  imageLengthBytes,
  SQUASHFS_SUPERBLOCK_BYTES,
  type SquashfsSuperblock,
} from './format.ts';

/** What it takes to read an image: a file, a partition, or a file on a web server. */
export type ImageReader = Pick<Sys, 'readBytes' | 'sizeBytes'>;

export interface ImageFile<M> {
  readonly path: string;
  readonly superblock: SquashfsSuperblock;
  readonly metainfo: M;
  /** The metainfo as it lies in the image, for passing it on. */
  readonly metainfoBytes: Uint8Array;
  /** Whole length of the image, which a partition may exceed. */
  readonly lengthBytes: number;
}

/**
 * Reads what describes the image in `path`. Its pieces are not looked at.
 * @throws ViverError IMAGE_BAD_LENGTH, IMAGE_BAD_SQUASHFS, IMAGE_BAD_VERSION, IMAGE_NO_HEADER, IMAGE_SHORT, and what `decodeMetainfo` throws
 */
export async function readImageFile<M extends { readonly lengthBytes: number }>(
  sys: ImageReader,
  path: string,
  decodeMetainfo: (bytes: Uint8Array) => M,
): Promise<ImageFile<M>> {
  const superblock = decodeSquashfsSuperblock(await sys.readBytes(path, 0, SQUASHFS_SUPERBLOCK_BYTES));
  const offset = headerOffset(superblock);
  const header = decodeImageHeader(await sys.readBytes(path, offset, IMAGE_HEADER_BYTES));
  const lengthBytes = imageLengthBytes(superblock, header);
  const sizeBytes = await sys.sizeBytes(path);
  if (sizeBytes < lengthBytes) {
    throw new ViverError('IMAGE_SHORT', `cut short: ${sizeBytes} of ${lengthBytes} bytes`);
  }
  const metainfoBytes = await sys.readBytes(path, offset + IMAGE_HEADER_BYTES, header.metainfoLengthBytes);
  const metainfo = decodeMetainfo(metainfoBytes);
  if (metainfo.lengthBytes !== offset) {
    throw new ViverError('IMAGE_BAD_LENGTH', `metainfo of ${metainfo.lengthBytes} bytes on a squashfs of ${offset}`);
  }
  return { path, superblock, metainfo, metainfoBytes, lengthBytes };
}
