// Mounts the image at a directory and takes everything back in the opposite order. The process that mounts is the one that serves what is mounted: every step at the
// directory is a child's, and this process never looks into it.

import { setTimeout as delay } from 'node:timers/promises';
import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Sys } from '../../sys/sys.ts';
import type { Attachment } from './attachment.ts';

/** A mount that is in use is given so long, then it is taken away lazily and its users get errors. */
const UNMOUNT_TRIES = 10;
const BETWEEN_TRIES_MS = 1_000;

export interface MountOptions {
  readonly sys: Sys;
  readonly log: Log;
  /** As `checkMountPoint` gives it. */
  readonly directory: string;
  attach(): Promise<Attachment>;
  /** Ends the wait for a mount whose blocks nobody has. */
  readonly ending: AbortSignal;
  /** Ends the patience with those who still use the mount. */
  readonly hurry: AbortSignal;
}

export interface ImageMount {
  /** Settles with the reason if what is mounted has died. */
  readonly lost: Promise<string>;
  end(): Promise<void>;
}

/** @returns the directory without symbolic links. @throws ViverError FIELD_NO_DIRECTORY, FIELD_MOUNTED before anything is done */
export async function checkMountPoint(sys: Sys, directory: string): Promise<string> {
  const path = (await sys.exists(`${directory}/.`)) ? await sys.realPath(directory) : undefined;
  if (path === undefined) throw new ViverError('FIELD_NO_DIRECTORY', `${directory} is no directory to mount at`);
  if (await isMountPoint(sys, path)) {
    throw new ViverError('FIELD_MOUNTED', `something is mounted at ${path} already: umount it first`);
  }
  return path;
}

/** Mounts, or undoes what it did. @throws ViverError SYS_COMMAND_FAILED with mount's words, or the reason of `ending` */
export async function mountImage(options: MountOptions): Promise<ImageMount> {
  const { sys, directory, ending } = options;
  const attachment = await options.attach();
  const { device, mountOptions } = attachment;
  const mounting = sys.mount({ source: device, target: directory, type: 'squashfs', options: mountOptions });
  try {
    await orAborted(mounting, ending);
  } catch (error) {
    // A mount that waits for blocks can't be ended, but its device can: then it fails.
    await attachment.detach();
    await mounting.then(() => sys.unmount(directory)).catch(() => {});
    throw error;
  }
  return {
    lost: attachment.lost,
    end: async () => {
      await unmount(options);
      await attachment.detach();
    },
  };
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}

async function unmount({ sys, log, directory, hurry }: MountOptions): Promise<void> {
  for (let attempt = 1; await isMountPoint(sys, directory); attempt++) {
    const refusal = await sys.unmount(directory).then(
      () => undefined,
      (error: unknown) => errorLine(error),
    );
    if (refusal === undefined) return;
    if (attempt === 1) log.warn(`${refusal}; waiting up to ${UNMOUNT_TRIES} s, a second signal ends the wait`);
    if (hurry.aborted || attempt >= UNMOUNT_TRIES) {
      log.warn(`${directory} is taken away from those who use it: they get errors`);
      await sys.run('umount', ['--lazy', directory]);
      return;
    }
    await delay(BETWEEN_TRIES_MS, undefined, { signal: hurry }).catch(() => {});
  }
}

/** Spaces and the like are octal there (proc_pid_mounts(5)). */
async function isMountPoint(sys: Sys, directory: string): Promise<boolean> {
  const octal = (letter: string): string => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`;
  const wanted = directory.replace(/[ \t\n\\]/g, octal);
  const mounts = await sys.readText('/proc/self/mounts');
  return mounts.split('\n').some((line) => line.split(' ')[1] === wanted);
}
