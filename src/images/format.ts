// The disk image format NAME.viver. Pure.
//
//   0                                   squashfs 4.0, `bytes_used` bytes, zero padding to a multiple of 4096
//   roundUp(bytes_used, 4096)           magic "VIVERIMG" (8) | version u32 = 1 | length u32 | metainfo (length bytes)
//                                       zero padding to a multiple of 4096
// Numbers of our header are big-endian; the squashfs superblock is little-endian (kernel: fs/squashfs/squashfs_fs.h).
// The header is found from the superblock alone, so an image is the same thing in a file and on a raw partition.

import { ViverError } from '../errors.ts';
import { Reader, Writer } from '../wire/cursor.ts';

/** Everything in an image file starts at a multiple of this. */
export const IMAGE_ALIGNMENT_BYTES = 4096;
/** Length of the fixed part in front of the metainfo. */
export const IMAGE_HEADER_BYTES = 16;
export const IMAGE_VERSION = 1;
/** Bytes of a squashfs superblock. */
export const SQUASHFS_SUPERBLOCK_BYTES = 96;
/** Room for 2 TiB at 128 KiB a piece would be more; an image of 150 GiB has 64 MiB of hashes, v1 and v2 together. */
export const MAX_METAINFO_BYTES = 64 * 1024 * 1024;

const MAGIC = new TextEncoder().encode('VIVERIMG');
const SQUASHFS_MAGIC = 0x73717368;
const COMPRESSIONS = ['none', 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'] as const;

export interface SquashfsSuperblock {
  /** Exact length of the file system, without padding. */
  readonly bytesUsed: number;
  readonly createdSeconds: number;
  readonly blockSizeBytes: number;
  readonly inodeCount: number;
  readonly compression: string;
}

/** What our header says; the metainfo itself follows it. */
export interface ImageHeader {
  readonly version: number;
  readonly metainfoLengthBytes: number;
}

/** `value` rounded up to a multiple of 4096. */
export function roundUpToAlignment(value: number): number {
  return Math.ceil(value / IMAGE_ALIGNMENT_BYTES) * IMAGE_ALIGNMENT_BYTES;
}

/** True when `bytes` begin as a squashfs does; says nothing about whether it is whole. */
export function looksLikeSquashfs(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x68 && bytes[1] === 0x73 && bytes[2] === 0x71 && bytes[3] === 0x73;
}

/**
 * Decodes the first 96 bytes of a squashfs (struct squashfs_super_block).
 * @throws ViverError IMAGE_BAD_SQUASHFS, IMAGE_SHORT
 */
export function decodeSquashfsSuperblock(bytes: Uint8Array): SquashfsSuperblock {
  const reader = new Reader(bytes, 'IMAGE_SHORT');
  if (reader.u32le() !== SQUASHFS_MAGIC) throw new ViverError('IMAGE_BAD_SQUASHFS', 'no squashfs: wrong magic');
  const inodeCount = reader.u32le();
  const createdSeconds = reader.u32le();
  const blockSizeBytes = reader.u32le();
  reader.skip(4); // fragments
  const compression = COMPRESSIONS[reader.u16le()] ?? 'unknown';
  reader.skip(6); // block_log, flags, no_ids
  const major = reader.u16le();
  reader.skip(2 + 8); // s_minor, root_inode
  const bytesUsed = Number(reader.u64le());
  if (major !== 4) throw new ViverError('IMAGE_BAD_SQUASHFS', `squashfs version ${major}, 4 wanted`);
  if (bytesUsed < SQUASHFS_SUPERBLOCK_BYTES || bytesUsed > Number.MAX_SAFE_INTEGER - IMAGE_ALIGNMENT_BYTES) {
    throw new ViverError('IMAGE_BAD_SQUASHFS', `squashfs says it is ${bytesUsed} bytes long`);
  }
  return { bytesUsed, createdSeconds, blockSizeBytes, inodeCount, compression };
}

/** Where our header lies: behind the padded squashfs. Also the length that the metainfo describes. */
export function headerOffset(superblock: SquashfsSuperblock): number {
  return roundUpToAlignment(superblock.bytesUsed);
}

/** Length of a whole image file, all padding included. */
export function imageLengthBytes(superblock: SquashfsSuperblock, header: ImageHeader): number {
  return headerOffset(superblock) + roundUpToAlignment(IMAGE_HEADER_BYTES + header.metainfoLengthBytes);
}

/**
 * Decodes the 16 bytes at `headerOffset`.
 * @throws ViverError IMAGE_NO_HEADER (a plain squashfs), IMAGE_BAD_VERSION, IMAGE_BAD_LENGTH, IMAGE_SHORT
 */
export function decodeImageHeader(bytes: Uint8Array): ImageHeader {
  const reader = new Reader(bytes, 'IMAGE_SHORT');
  const magic = reader.take(MAGIC.length);
  if (!MAGIC.every((byte, index) => magic[index] === byte)) {
    throw new ViverError('IMAGE_NO_HEADER', 'a squashfs without the metainfo of a Viver image behind it');
  }
  const version = reader.u32();
  if (version !== IMAGE_VERSION) {
    throw new ViverError('IMAGE_BAD_VERSION', `image format ${version}, ${IMAGE_VERSION} is known here`);
  }
  const metainfoLengthBytes = reader.u32();
  if (metainfoLengthBytes === 0 || metainfoLengthBytes > MAX_METAINFO_BYTES) {
    throw new ViverError('IMAGE_BAD_LENGTH', `metainfo of ${metainfoLengthBytes} bytes`);
  }
  return { version, metainfoLengthBytes };
}

/** The trailer of an image file: header, metainfo, padding. @throws ViverError IMAGE_BAD_LENGTH */
export function encodeImageTrailer(metainfo: Uint8Array): Uint8Array {
  if (metainfo.length === 0 || metainfo.length > MAX_METAINFO_BYTES) {
    throw new ViverError('IMAGE_BAD_LENGTH', `metainfo of ${metainfo.length} bytes`);
  }
  const length = IMAGE_HEADER_BYTES + metainfo.length;
  return new Writer(roundUpToAlignment(length))
    .bytes(MAGIC)
    .u32(IMAGE_VERSION)
    .u32(metainfo.length)
    .bytes(metainfo)
    .zeros(roundUpToAlignment(length) - length)
    .finish();
}

/** `squashfs zstd 151.2 MiB, blocks of 128 KiB, 12345 inodes` for logs. */
export function formatSuperblock(superblock: SquashfsSuperblock): string {
  const mebibytes = (superblock.bytesUsed / 2 ** 20).toFixed(1);
  const blocks = superblock.blockSizeBytes / 1024;
  return `squashfs ${superblock.compression} ${mebibytes} MiB, blocks of ${blocks} KiB, ${superblock.inodeCount} inodes`;
}
