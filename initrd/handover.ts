// The last steps before the real init: give memory back, make this process safe to live on, and tell PID 1 to go.

import { readlink, rm } from 'node:fs/promises';
import { ViverError } from '../src/errors.ts';
import { goOnWhenStopped, lockPages, refuseHugePages, releasePages } from '../src/sys/libc.ts';
import { parseFileMappings } from '../src/sys/memory-maps.ts';
import type { Sys } from '../src/sys/sys.ts';

/** The pipe that the shim reads (initrd/init.sh). */
const GO_PIPE = '/run/go';
/** The rootfs of the initrd, as this process sees it. */
export const INITRAMFS = '/run/initramfs';
/** The kernel's out-of-memory killer spares a process with this score (proc(5)). */
const NEVER_KILL = '-1000';
const POLL_MS = 50;

/** Where the modules' squashfs is mounted, and the file behind it, which lies in RAM until it is removed. */
export const MODULES_MOUNT = '/modules';
export const MODULES_FILE = `${INITRAMFS}/viver/modules.squashfs`;

/**
 * systemd's shutdown stops all processes but itself while it looks who is to be killed (kill(-1, SIGSTOP) in its killall.c). If it has to read something
 * of the root in that moment, it waits for us, and we for it.
 */
const STOPPED_AT_MOST_MS = 250;

/**
 * Becomes a process that the system leaves alone. systemd spares those whose name begins with @ when it shuts down (ROOT_STORAGE_DAEMONS); without,
 * shutdown waits 90 s for us. Stopped by a signal, it goes on.
 */
export function becomeStorageDaemon(): void {
  process.title = '@viver';
  refuseHugePages();
  process.on('SIGCONT', () => {});
  goOnWhenStopped(STOPPED_AT_MOST_MS);
}

/** The modules were needed to find the hardware; the real system has its own. Frees their part of the initrd. */
export async function letGoOfModules(sys: Sys): Promise<void> {
  await sys.unmount(MODULES_MOUNT);
  await rm(MODULES_FILE);
  await sys.unmount(INITRAMFS);
}

/** The out-of-memory killer passes this process over from here on, and the watcher that starts the next one: without them there is no root. */
export async function outliveMemoryShortage(sys: Sys): Promise<void> {
  for (const pid of [process.pid, process.ppid]) await sys.writeText(`/proc/${pid}/oom_score_adj`, NEVER_KILL);
}

/**
 * Keeps the program text that serving needs in memory: under pressure it would be dropped, and read again from the compressed runtime for each
 * request, and the whole machine would stand still. What was used until now is given back first, so that just what is used from now on comes to be
 * locked. Only files are locked; V8 hands parts of its heap back in a way that the kernel refuses for locked memory, and ends the process over
 * it (docs/decisions/0002-locked-memory.md).
 */
export async function keepTextInMemory(sys: Sys): Promise<void> {
  for (const { start, lengthBytes, isClean } of parseFileMappings(await sys.readText('/proc/self/smaps'))) {
    if (isClean) releasePages(start, lengthBytes);
    lockPages(start, lengthBytes);
  }
}

/** Tells the shim to become `init`, and returns when PID 1 is the real one. */
export async function switchRoot(sys: Sys, init: string): Promise<void> {
  const shim = await readlink('/proc/1/exe');
  await sys.writeText(GO_PIPE, `go ${init}\n`);
  for (;;) {
    const program = await readlink('/proc/1/exe').catch(() => shim);
    if (program !== shim) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Tells the shim to open a rescue shell and to say why. This process goes on, so that what it serves stays there. */
export async function openRescueShell(sys: Sys, why: string): Promise<void> {
  await sys.writeText(GO_PIPE, `shell ${why.replaceAll('\n', ' ')}\n`);
}

/** Refuses a root whose init is not there: the kernel would panic with a line that nobody understands. */
export async function checkInit(sys: Sys, newRoot: string, init: string): Promise<void> {
  const { status } = await sys.run('chroot', [newRoot, '/bin/sh', '-c', '[ -x "$0" ]', init], { timeoutMs: 120_000 });
  if (status !== 0) throw new ViverError('BOOT_NO_INIT', `${init} of the image is no program that can be started`);
}
