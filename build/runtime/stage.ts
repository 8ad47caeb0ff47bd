// Lays out the root in which Node lives (mounted at /rt by the shim): Node and just its libraries, busybox, the program, the loaders that
// the boot server hands out, and empty folders to mount on. What it holds is the same for every kernel.

import { chmod, copyFile, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runChecked } from '../../kit/child.ts';
import { ViverError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import { sharedLibraries } from '../elf/libraries.ts';
import { setModes } from '../tree-modes.ts';
import { stageProgram } from './program.ts';

/** Where things are mounted or made at boot. */
const EMPTY_FOLDERS = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'newroot',
  'mnt',
  'image',
  'modules',
  'overlay',
  'root',
  'var',
];

/** iPXE for BIOS machines, and for UEFI ones with its own drivers or the firmware's. From Debian's package ipxe. */
export const BOOT_LOADERS = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi'] as const;

/** Links, relative or to what is mounted at boot. Firmware travels with the modules: both are of no use after the handover. */
const LINKS: Readonly<Record<string, string>> = {
  'etc/resolv.conf': '/run/resolv.conf',
  'etc/mtab': '/proc/self/mounts',
  'lib/firmware': '../modules/firmware',
  'lib/modules': '../modules',
  'var/run': '/run',
  // Started by these names, programs are passed over by systemd's shutdown (initrd/watch.sh).
  '@viver/busybox': '../bin/busybox',
  '@viver/node': '../bin/node',
};

const ETC: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n',
  group: 'root:x:0:\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  'nsswitch.conf': 'hosts: files dns\n',
};

export interface RuntimeSources {
  /** The checkout or installed package: where initrd/, src/ and node_modules/ are. */
  readonly project: string;
  /** Prepared Node binary. */
  readonly node: string;
  /** A busybox that needs no libraries. */
  readonly busybox: string;
  /** Folder with the iPXE files. */
  readonly bootLoaders: string;
}

/** Fills the directory `root`, which must be new. */
export async function stageRuntime(root: string, sources: RuntimeSources, log: Log): Promise<void> {
  for (const folder of ['@viver', 'bin', 'etc', 'lib', 'boot', 'app', ...EMPTY_FOLDERS])
    await mkdir(join(root, folder), { recursive: true });
  await copyTo(sources.node, join(root, 'bin/node'), 0o755);
  for (const library of await sharedLibraries(sources.node)) await copyTo(library, join(root, library), 0o755);
  await stageBusybox(sources.busybox, root);
  await stageProgram(sources.project, join(root, 'app'), log);
  for (const loader of BOOT_LOADERS) await stageLoader(join(sources.bootLoaders, loader), join(root, 'boot', loader));
  for (const [name, text] of Object.entries(ETC)) await writeFile(join(root, 'etc', name), text);
  for (const [path, target] of Object.entries(LINKS)) await symlink(target, join(root, path));
  await setModes(root);
}

/** Checks for a busybox that runs without libraries. @throws ViverError INITRD_NO_BUSYBOX */
export async function checkBusybox(busybox: string): Promise<void> {
  if (!(await stat(busybox).catch(() => undefined))) {
    throw new ViverError('INITRD_NO_BUSYBOX', `${busybox} is missing: install the package busybox-static`);
  }
  if ((await sharedLibraries(busybox)).length > 0) {
    throw new ViverError('INITRD_NO_BUSYBOX', `${busybox} needs shared libraries: install the package busybox-static`);
  }
}

/** All applets as links beside it, so that a script or a person finds what busybox has. */
async function stageBusybox(busybox: string, root: string): Promise<void> {
  await copyTo(busybox, join(root, 'bin/busybox'), 0o755);
  const { stdout } = await runChecked(busybox, ['--list']);
  for (const applet of stdout.split('\n').filter((name) => /^[\w.[-]+$/.test(name) && name !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', applet));
  }
  await symlink('bin', join(root, 'sbin'));
}

async function stageLoader(source: string, output: string): Promise<void> {
  if (!(await stat(source).catch(() => undefined))) {
    throw new ViverError('INITRD_NO_IPXE', `${source} is missing: install the package ipxe`);
  }
  await copyTo(source, output, 0o644);
}

async function copyTo(source: string, output: string, mode: number): Promise<void> {
  await mkdir(dirname(output), { recursive: true });
  await copyFile(source, output);
  await chmod(output, mode);
}
