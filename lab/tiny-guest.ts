// The smallest Linux guest there is: busybox as an initramfs. It shows that a kernel really starts (accelerator.ts) and plays the
// machines of the lab's own tests. Needs Debian's busybox-static on the host.

import { readFile, writeFile } from 'node:fs/promises';
import { type CpioEntry, packCpioBytes } from '../build/cpio/write.ts';

/** What a tiny guest prints when user space runs. */
export const TINY_GUEST_READY = 'viver-tiny-guest-ready';

const MOUNT_POINTS = ['bin', 'dev', 'proc', 'sys'];

/**
 * Writes an initramfs whose init runs `script` in busybox's shell, with /dev, /proc and /sys mounted.
 * @param files Content by path, added as they are; their directories must be among `bin`, `dev`, `proc`, `sys`.
 */
export async function writeTinyGuest(
  output: string,
  script: string,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  const content = { 'bin/busybox': await readFile('/bin/busybox'), init: Buffer.from(initScript(script)), ...files };
  const entries: CpioEntry[] = [
    ...MOUNT_POINTS.map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const),
    // The kernel opens this one for init before anything is mounted.
    { kind: 'characterDevice', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    ...Object.entries(content).map(([path, bytes]) => ({ kind: 'file', path, mode: 0o755, content: bytes }) as const),
  ];
  await writeFile(output, await packCpioBytes(entries));
}

function initScript(script: string): string {
  const mounts = ['mount -t devtmpfs dev /dev', 'mount -t proc proc /proc', 'mount -t sysfs sys /sys'];
  return ['#!/bin/busybox sh', '/bin/busybox --install -s /bin', 'export PATH=/bin', ...mounts, script, ''].join('\n');
}
