// The initrd's own squashfs files: zstd, all files of root, no extended attributes, all times 0, so that the same tree gives the same
// bytes whoever makes it. (A disk image keeps owners and times: kit/squashfs.ts.)

import { childFailure, runChild } from '../kit/child.ts';
import { lastPercentage } from '../kit/squashfs.ts';

/** Node's pages are read back one by one when memory is short: smaller blocks. Modules are read once: larger ones. */
export const RUNTIME_BLOCK_BYTES = 256 * 1024;
export const MODULES_BLOCK_BYTES = 1024 * 1024;

export interface SquashfsSettings {
  /** zstd level, 1 to 22. */
  readonly level: number;
  readonly blockBytes: number;
}

/** Part of the cache's key: another mksquashfs or other options make another file. */
export function squashfsArguments(settings: SquashfsSettings): string[] {
  const compression = ['-comp', 'zstd', '-Xcompression-level', `${settings.level}`, '-b', `${settings.blockBytes}`];
  const sameBytes = ['-reproducible', '-mkfs-time', '0', '-all-time', '0', '-all-root', '-no-xattrs'];
  return [...compression, ...sameBytes, '-noappend', '-no-exports', '-no-recovery'];
}

/** Makes `output` of the tree `directory`. @throws ViverError KIT_NO_PROGRAM, KIT_DISK_FULL, KIT_PROGRAM_FAILED */
export async function makeInitrdSquashfs(
  directory: string,
  output: string,
  settings: SquashfsSettings,
  onProgress: (part: number) => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  // mksquashfs refuses its time options beside this variable, which package builders set.
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env;
  let part = 0;
  const onOutput = (text: string) => {
    part = Math.max(part, lastPercentage(text)); // its closing words have no percentage
    if (part < 1) onProgress(part);
  };
  const result = await runChild('mksquashfs', [directory, output, ...squashfsArguments(settings)], {
    signal,
    env,
    onOutput,
  });
  if (result.status !== 0) throw childFailure('mksquashfs', result);
}

/** First line of `mksquashfs -version`. */
export async function squashfsVersion(): Promise<string> {
  const result = await runChild('mksquashfs', ['-version']);
  return result.stdout.split('\n', 1)[0] ?? '';
}
