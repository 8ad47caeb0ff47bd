// The second, small archive of the initrd: what runs before the runtime is mounted. gzip, since every kernel reads it and a person can
// repack it with cpio and gzip alone.

import { readFile } from 'node:fs/promises';
import { constants, gzipSync } from 'node:zlib';
import { type CpioEntry, packCpioBytes } from './cpio/write.ts';

/** Device nodes that the kernel needs before devtmpfs is mounted: its console. They exist in the archive only, never as files. */
export const EARLY_NODES: readonly CpioEntry[] = [
  { kind: 'characterDevice', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
];

const FOLDERS = ['bin', 'dev', 'lib', 'modules', 'proc', 'rt', 'sbin', 'sys'];

/** The kernel looks for modprobe and firmware in the root of PID 1; what they need is on the modules' squashfs, mounted below /rt. */
const LINKS: Readonly<Record<string, string>> = {
  'lib/firmware': '/rt/modules/firmware',
  'lib/modules': '/rt/modules',
  'sbin/modprobe': '../bin/busybox',
};

export interface EarlySources {
  /** Path of the shim that becomes /init. */
  readonly init: string;
  readonly busybox: string;
  /** In load order. */
  readonly modules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Entries of the small archive, device nodes included. */
export async function earlyEntries(sources: EarlySources): Promise<CpioEntry[]> {
  const order = sources.modules.map(({ name }) => `${name}\n`).join('');
  return [
    ...FOLDERS.map((path): CpioEntry => ({ kind: 'directory', path, mode: 0o755 })),
    ...EARLY_NODES,
    ...Object.entries(LINKS).map(([path, target]): CpioEntry => ({ kind: 'symlink', path, target })),
    { kind: 'file', path: 'init', mode: 0o755, content: await readFile(sources.init) },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: await readFile(sources.busybox) },
    { kind: 'file', path: 'modules/order', mode: 0o644, content: Buffer.from(order) },
    ...sources.modules.map(
      ({ name, bytes }): CpioEntry => ({ kind: 'file', path: `modules/${name}`, mode: 0o644, content: bytes }),
    ),
  ];
}

/** The archive, compressed. The same entries give the same bytes (Node's zlib writes no time into the gzip header). */
export async function packEarly(entries: readonly CpioEntry[]): Promise<Buffer> {
  return gzipSync(await packCpioBytes(entries), { level: constants.Z_BEST_COMPRESSION });
}
