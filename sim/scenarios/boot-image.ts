// The image of a storm and the boot that is read from it, the same for field and servers.

import { makeImage, PIECE_BYTES, type TestImage } from '../image.ts';
import { type BootRead, bootReads, bytesOf, piecesOf } from '../storm/boot-reads.ts';

export interface BootImage {
  readonly image: TestImage;
  readonly reads: readonly BootRead[];
  /** Parts of the image that a boot reads: bytes, and whole pieces as the field fetches them. */
  readonly readPart: number;
  readonly piecePart: number;
}

/** Measured on a Debian desktop: decompression and programs take some seconds for some hundred MiB. */
const CPU_MS_PER_MEBIBYTE = 25;
const BOOT_PART = 0.6;

export interface BootImageOptions {
  readonly mebibytes: number;
  readonly seed: number;
  readonly trace: boolean;
  readonly pieceBytes?: number;
  readonly cpuMsPerMebibyte?: number;
}

export async function makeBootImage(options: BootImageOptions): Promise<BootImage> {
  const { mebibytes, seed, trace, pieceBytes = PIECE_BYTES, cpuMsPerMebibyte = CPU_MS_PER_MEBIBYTE } = options;
  const image = await makeImage(Math.ceil((mebibytes * 2 ** 20) / pieceBytes), seed, pieceBytes);
  const imageBytes = image.bytes.length;
  const reads = bootReads({ imageBytes, seed, part: BOOT_PART, cpuMsPerMebibyte });
  const pieces = piecesOf(reads, pieceBytes);
  const metainfo = trace ? { ...image.metainfo, bootTrace: pieces } : image.metainfo;
  return {
    image: { ...image, metainfo },
    reads,
    readPart: bytesOf(reads) / imageBytes,
    piecePart: pieces.length / image.metainfo.pieceCount,
  };
}
