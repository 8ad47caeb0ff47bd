// The ext4 of a medium, with the image in it: made in place, at an offset of the file or device, by e2fsprogs without root.
// mke2fs and debugfs take such an offset (mke2fs(8) -E offset, ext2fs_open's `?offset=`), so nothing is copied twice and holes stay holes.

import { readFile } from 'node:fs/promises';
import { ViverError } from '../../src/errors.ts';
import { childFailure, runChecked, runChild } from '../child.ts';
import { startProgress } from '../progress-bar.ts';
import { SECTOR_BYTES } from './gpt.ts';
import type { Extent } from './layout.ts';

export interface DataPartition {
  /** File or device. */
  readonly target: string;
  readonly extent: Extent;
  readonly uuid: string;
  readonly timeSeconds: number;
  readonly image: string;
  readonly imageBytes: number;
  /** Name of the image in the partition's root. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Label of the data partition. */
export const DATA_LABEL = 'VIVER';
/** A medium holds a handful of large files. */
const INODES = 1024;
const POLL_MILLISECONDS = 200;

/** Makes the file system and copies the image into it. @throws ViverError KIT_PROGRAM_FAILED, KIT_DISK_FULL */
export async function makeDataPartition(job: DataPartition): Promise<void> {
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: `${job.timeSeconds}` };
  await runChecked('mke2fs', makeArguments(job), { signal: job.signal, env });
  const progress = startProgress(`Copying ${job.name}`);
  const target = `${job.target}?offset=${offsetBytes(job.extent)}`;
  let stopPolling = () => {};
  try {
    const result = await runChild('debugfs', ['-w', '-f', '-', target], {
      signal: job.signal,
      env,
      input: `write ${quote(job.image)} ${quote(job.name)}\n`,
      onStart: (id) => {
        stopPolling = pollWritten(id, (bytes) => progress.update(bytes / job.imageBytes));
      },
    });
    // debugfs ends with 0 whatever its commands did; what failed stands on standard error, below its name and version.
    const complaints = result.stderr.split('\n').filter((line) => line.trim() !== '' && !/^debugfs \d/.test(line));
    if (result.status !== 0 || complaints.length > 0)
      throw childFailure('debugfs', { ...result, status: result.status || 1 });
    progress.done();
  } catch (error) {
    progress.abandon();
    throw error;
  } finally {
    stopPolling();
  }
}

/** Bytes from the target's start to the partition's. */
export function offsetBytes(extent: Extent): number {
  return extent.firstSector * SECTOR_BYTES;
}

function makeArguments({ target, extent, uuid }: DataPartition): string[] {
  const extended = [
    `offset=${offsetBytes(extent)}`,
    `hash_seed=${uuid}`,
    'nodiscard',
    'lazy_itable_init=0',
    'root_owner=0:0',
  ];
  // Without a journal: the medium is read-only in use, and a stick that is pulled out early has nothing to replay.
  const features = ['-t', 'ext4', '-O', '^has_journal', '-m', '0', '-b', '4096', '-N', `${INODES}`];
  const kibibytes = Math.floor((extent.sectors * SECTOR_BYTES) / 1024);
  return ['-q', '-F', ...features, '-L', DATA_LABEL, '-U', uuid, '-E', extended.join(','), target, `${kibibytes}k`];
}

/** How much a process has written by now is in /proc/PID/io (proc(5), wchar). */
function pollWritten(processId: number, onBytes: (bytes: number) => void): () => void {
  const timer = setInterval(async () => {
    const text = await readFile(`/proc/${processId}/io`, 'utf8').catch(() => '');
    onBytes(Number(/^wchar: (\d+)/m.exec(text)?.[1] ?? 0));
  }, POLL_MILLISECONDS);
  return () => clearInterval(timer);
}

/** A word of debugfs's command line (libss: double quotes, a doubled one for itself). */
function quote(word: string): string {
  if (/[\n\r]/.test(word))
    throw new ViverError('KIT_BAD_NAME', `a file name with a line break: ${JSON.stringify(word)}`);
  return `"${word.replaceAll('"', '""')}"`;
}
