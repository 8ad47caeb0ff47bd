// What a booting machine reads of its image, in order: files of all sizes, each a run of reads that grow as the kernel reads ahead, small reads of
// metadata in between, and pauses in which the processor works with what has come. Generated from a seed; each byte is read at most once, since the
// page cache answers the rest.

import { Chance } from '../chance.ts';

/** One read, and what the machine does before it goes on. */
export interface BootRead {
  readonly offset: number;
  readonly length: number;
  /** The processor's work after it. */
  readonly pauseMs: number;
}

export interface BootShape {
  readonly imageBytes: number;
  readonly seed: number;
  /** Part of the image that a boot reads. */
  readonly part: number;
  /** Work of the processor for each MiB read. */
  readonly cpuMsPerMebibyte: number;
}

const MEBIBYTE = 1024 * 1024;
const KIBIBYTE = 1024;
const SMALLEST_FILE_BYTES = 8 * KIBIBYTE;
const LARGEST_FILE_BYTES = 4 * MEBIBYTE;
/** The kernel's read-ahead: 16 KiB first, twice as much each time, 128 KiB at most. */
const FIRST_READ_BYTES = 16 * KIBIBYTE;
const LARGEST_READ_BYTES = 128 * KIBIBYTE;
/** Inodes and directories of a squashfs lie at its end. */
const METADATA_PART = 1 / 64;
const METADATA_READ_BYTES = 4 * KIBIBYTE;
const METADATA_EVERY_FILES = 4;

export function bootReads(shape: BootShape): BootRead[] {
  const chance = new Chance(shape.seed);
  const files = shuffled(filesOf(shape, chance), chance);
  const reads: BootRead[] = [];
  const metadata = metadataReads(shape, chance);
  for (const [number, file] of files.entries()) {
    if (number % METADATA_EVERY_FILES === 0) reads.push(...metadata.splice(0, 1));
    reads.push(...readsOf(file, shape, chance));
  }
  return reads;
}

interface File {
  readonly offset: number;
  readonly length: number;
}

/** Files side by side over the image; of each stretch the part that a boot needs. */
function filesOf({ imageBytes, part }: BootShape, chance: Chance): File[] {
  const files: File[] = [];
  const end = imageBytes * (1 - METADATA_PART);
  for (let offset = 0; offset < end; ) {
    const wanted = Math.ceil(chance.logUniform(SMALLEST_FILE_BYTES, LARGEST_FILE_BYTES) / 4096) * 4096;
    const length = Math.min(wanted, Math.floor(end - offset));
    if (chance.next() < part && length > 0) files.push({ offset, length });
    offset += wanted;
  }
  return files;
}

/** Neighbours on the disc are often read one after the other: short runs stay together, the runs change places. */
function shuffled(files: readonly File[], chance: Chance): File[] {
  const runs: File[][] = [];
  for (let at = 0; at < files.length; ) {
    const count = chance.integer(1, 6);
    runs.push(files.slice(at, at + count));
    at += count;
  }
  for (let at = runs.length - 1; at > 0; at--) {
    const other = chance.integer(0, at);
    [runs[at], runs[other]] = [runs[other]!, runs[at]!];
  }
  return runs.flat();
}

function readsOf(file: File, { cpuMsPerMebibyte }: BootShape, chance: Chance): BootRead[] {
  const reads: BootRead[] = [];
  let length = FIRST_READ_BYTES;
  for (let at = 0; at < file.length; ) {
    const count = Math.min(length, file.length - at);
    const pauseMs = chance.exponential((cpuMsPerMebibyte * count) / MEBIBYTE);
    reads.push({ offset: file.offset + at, length: count, pauseMs });
    at += count;
    length = Math.min(LARGEST_READ_BYTES, 2 * length);
  }
  return reads;
}

function metadataReads({ imageBytes }: BootShape, chance: Chance): BootRead[] {
  const start = Math.ceil((imageBytes * (1 - METADATA_PART)) / METADATA_READ_BYTES) * METADATA_READ_BYTES;
  const reads: BootRead[] = [];
  for (let offset = start; offset + METADATA_READ_BYTES <= imageBytes; offset += METADATA_READ_BYTES) {
    reads.push({ offset, length: METADATA_READ_BYTES, pauseMs: 0 });
  }
  return reads.sort(() => chance.next() - 0.5);
}

/** The pieces of an image in the order in which these reads first need them: the boot trace. */
export function piecesOf(reads: readonly BootRead[], pieceBytes: number): number[] {
  const pieces = new Set<number>();
  for (const { offset, length } of reads) {
    const last = Math.floor((offset + length - 1) / pieceBytes);
    for (let piece = Math.floor(offset / pieceBytes); piece <= last; piece++) pieces.add(piece);
  }
  return [...pieces];
}

export function bytesOf(reads: readonly BootRead[]): number {
  return reads.reduce((sum, { length }) => sum + length, 0);
}
