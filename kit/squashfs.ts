// The programs mksquashfs and unsquashfs (squashfs-tools) as functions, their progress as ours.

import { lstat } from 'node:fs/promises';
import { ViverError } from '../src/errors.ts';
import { childFailure, runChecked, runChild } from './child.ts';

export interface MakeSquashfs {
  readonly root: string;
  readonly output: string;
  readonly excludes: readonly string[];
  readonly compressionLevel: number;
  readonly blockSizeBytes: number;
  /** Seconds since 1970 of the file system's own time stamp; file times beyond it are brought down to it when `clampTimes`. */
  readonly timeSeconds: number;
  readonly clampTimes: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (part: number) => void;
}

/**
 * Makes a squashfs of a directory: zstd, extended attributes, hard links and owners kept; the same input gives the same bytes.
 * @returns warnings of mksquashfs (files that vanished meanwhile).
 * @throws ViverError KIT_UNREADABLE, KIT_DISK_FULL, KIT_PROGRAM_FAILED
 */
export async function makeSquashfs(job: MakeSquashfs): Promise<string[]> {
  const args = [job.root, job.output, '-noappend', '-comp', 'zstd', '-Xcompression-level', `${job.compressionLevel}`];
  args.push('-b', `${job.blockSizeBytes}`, '-xattrs', '-reproducible', '-wildcards');
  // mksquashfs refuses -mkfs-time beside SOURCE_DATE_EPOCH; only the variable brings file times down as well.
  if (!job.clampTimes) args.push('-mkfs-time', `${job.timeSeconds}`);
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env;
  const result = await runChild('mksquashfs', [...args, '-e', ...job.excludes], {
    signal: job.signal,
    env: job.clampTimes ? { ...env, SOURCE_DATE_EPOCH: `${job.timeSeconds}` } : env,
    onOutput: (text) => job.onProgress?.(lastPercentage(text)),
  });
  if (result.status !== 0) throw childFailure('mksquashfs', result);
  return await checkWarnings(result.stderr);
}

/** The last `123/456  27%` of a piece of mksquashfs's output as a part of 1; 0 when it has none. */
export function lastPercentage(text: string): number {
  const all = [...text.matchAll(/\b(\d+)\/(\d+)\s+\d+%/g)];
  const last = all.at(-1);
  return last && Number(last[2]) > 0 ? Number(last[1]) / Number(last[2]) : 0;
}

const UNREAD = [/^Failed to read file (.+), creating empty file$/, /^Could not open (.+), skipping\.\.\.$/];

// mksquashfs goes on with an empty file where it may not read one, which is worse than no image. A file that went away meanwhile, as on a
// running system, is no loss.
async function checkWarnings(stderr: string): Promise<string[]> {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim());
  const unread: string[] = [];
  for (const line of lines) {
    const path = UNREAD.map((pattern) => pattern.exec(line)?.[1]).find(Boolean);
    if (path && (await lstat(path).catch(() => undefined))) unread.push(path);
  }
  if (unread.length === 0) return [...new Set(lines.filter(Boolean).map(explainWarning))];
  const more = unread.length > 1 ? ` and ${unread.length - 1} more` : '';
  throw new ViverError('KIT_UNREADABLE', `cannot read ${unread[0]}${more}: run this as root`);
}

function explainWarning(line: string): string {
  if (/^Unrecognised xattr prefix system\.posix_acl/.test(line)) {
    return 'access control lists are left out: a squashfs has none';
  }
  return `mksquashfs: ${line}`;
}

/** Takes `paths` out of an image into the directory `target`; paths that the image lacks are passed over. */
export async function extractFromSquashfs(
  image: string,
  target: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await runChecked('unsquashfs', ['-no-progress', '-no-xattrs', '-quiet', '-force', '-dest', target, image, ...paths], {
    signal,
  });
}
