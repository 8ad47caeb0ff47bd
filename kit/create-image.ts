// A directory with an installed Linux becomes NAME.viver: survey, squashfs, hashes, trailer. The order is that of the file's bytes.

import { open, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ViverError } from '../src/errors.ts';
import {
  decodeSquashfsSuperblock,
  encodeImageTrailer,
  headerOffset,
  SQUASHFS_SUPERBLOCK_BYTES,
} from '../src/images/format.ts';
import { createMetainfo } from '../src/vfield/create-metainfo.ts';
import { encodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import { isBelow, parseFstabSwapFiles, parseMountInfo, parseSwapFiles, planCapture } from './capture-plan.ts';
import { readChunks } from './image-file.ts';
import { checkOutputPath, writeWhole } from './output-file.ts';
import { formatSize, startProgress } from './progress-bar.ts';
import { resolveInRoot } from './root-path.ts';
import { type RootSurvey, surveyRoot } from './root-survey.ts';
import { makeSquashfs } from './squashfs.ts';

export interface CreateImageOptions {
  readonly root: string;
  readonly output: string;
  /** Name of the image in logs and in the field; from the file name without it. */
  readonly label?: string;
  readonly exclude?: readonly string[];
  /** zstd, 1 to 22. */
  readonly compressionLevel: number;
  /** Release of the kernel to boot; the newest without it. */
  readonly kernel?: string;
  /** Seconds since 1970 that stand for "now" in the file (SOURCE_DATE_EPOCH). */
  readonly fixedSeconds?: number;
  /** Lines for the person who waits. */
  readonly say: (line: string) => void;
}

/** One squashfs block is what a diskless node fetches at least: with 128 KiB a block is one or two pieces of the field. */
const BLOCK_BYTES = 128 * 1024;
const PIECE_BYTES = 128 * 1024;

/** Makes the image. @throws ViverError KIT_* with one clear line */
export async function createImage(options: CreateImageOptions): Promise<Metainfo> {
  const label = checkLabel(options.label ?? basename(options.output).replace(/\.viver$/i, ''));
  const survey = await surveyRoot(options.root, options.kernel);
  await checkOutputPath(options.output);
  const root = await realpath(options.root);
  const output = join(await realpath(dirname(resolve(options.output))), basename(options.output));
  if (root !== '/' && isBelow(root, output)) {
    throw new ViverError(
      'KIT_OUTPUT_INSIDE_ROOT',
      `output ${output} lies inside of ${root}, which is what it would hold`,
    );
  }
  options.say(`${survey.systemName}, kernel ${survey.kernel.release}, ${survey.architecture}`);
  return await writeWhole(output, async (partial, signal) => {
    await compress(options, root, [output, partial], partial, signal);
    return await describe(options, survey, label, partial, signal);
  });
}

async function compress(
  options: CreateImageOptions,
  root: string,
  ownFiles: readonly string[],
  partial: string,
  signal: AbortSignal,
): Promise<void> {
  const plan = planCapture(root, await mountsOfThisSystem(), options.exclude ?? [], [
    ...ownFiles,
    ...(await swapFiles(root)),
  ]);
  if (plan.included.length > 0) options.say(`with ${plan.included.join(', ')}`);
  if (plan.leftOut.length > 0) options.say(`without ${plan.leftOut.join(', ')}`);
  const progress = startProgress('Compressing');
  try {
    const warnings = await makeSquashfs({
      root,
      output: partial,
      excludes: plan.patterns,
      compressionLevel: options.compressionLevel,
      blockSizeBytes: BLOCK_BYTES,
      timeSeconds: options.fixedSeconds ?? Math.floor(Date.now() / 1000),
      clampTimes: options.fixedSeconds !== undefined,
      signal,
      onProgress: (part) => progress.update(part),
    });
    progress.done();
    for (const warning of warnings) options.say(warning);
  } catch (error) {
    progress.abandon();
    throw error;
  }
}

/** Pads the squashfs, hashes it and writes the trailer behind it. */
async function describe(
  options: CreateImageOptions,
  survey: RootSurvey,
  label: string,
  partial: string,
  signal: AbortSignal,
): Promise<Metainfo> {
  const file = await open(partial, 'r+');
  const progress = startProgress('Hashing');
  try {
    const head = Buffer.alloc(SQUASHFS_SUPERBLOCK_BYTES);
    await file.read(head, 0, head.length, 0);
    const superblock = decodeSquashfsSuperblock(head);
    const lengthBytes = headerOffset(superblock);
    // Twice, so that whatever mksquashfs padded with becomes zeros.
    await file.truncate(superblock.bytesUsed);
    await file.truncate(lengthBytes);
    const metainfo = await createMetainfo(abortable(readChunks(file, 0, lengthBytes), signal), {
      name: `${label}.squashfs`,
      pieceBytes: PIECE_BYTES,
      image: { label, kernelRelease: survey.kernel.release, architecture: survey.architecture },
      createdSeconds: options.fixedSeconds ?? superblock.createdSeconds,
      onProgress: (bytes) => progress.update(bytes / lengthBytes),
    });
    const trailer = encodeImageTrailer(encodeMetainfo(metainfo));
    await file.write(trailer, 0, trailer.length, lengthBytes);
    await file.chmod(0o644);
    progress.done(`${formatSize(lengthBytes + trailer.length)}`);
    return metainfo;
  } catch (error) {
    progress.abandon();
    throw error;
  } finally {
    await file.close();
  }
}

async function* abortable(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}

function checkLabel(label: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(label)) return label;
  throw new ViverError('KIT_BAD_LABEL', `label ${JSON.stringify(label)}: 1 to 64 letters, digits, dots, dashes wanted`);
}

async function mountsOfThisSystem() {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
}

/** Swap files of the root: those its fstab names and those in use on this system. */
async function swapFiles(root: string): Promise<string[]> {
  const fstab = await resolveInRoot(root, '/etc/fstab');
  const named = fstab ? parseFstabSwapFiles(await readFile(fstab, 'utf8').catch(() => '')) : [];
  const active = parseSwapFiles(await readFile('/proc/swaps', 'utf8').catch(() => ''));
  return [...named.map((path) => join(root, path)), ...active];
}
