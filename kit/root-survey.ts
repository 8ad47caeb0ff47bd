// What a directory holds that is to become an image: is it a Linux root, which kernels can boot it, what machine is it for. Reads only.
// Kernel places: /boot/vmlinuz-RELEASE (Debian, SUSE), /lib/modules/RELEASE/vmlinuz (Fedora, systemd's kernel-install),
// /boot/vmlinuz-PKGBASE with /lib/modules/RELEASE/pkgbase (Arch).

import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ViverError } from '../src/errors.ts';
import { resolveInRoot } from './root-path.ts';
import { compareReleases } from './version-sort.ts';

export interface KernelFiles {
  readonly release: string;
  /** Paths of this system, links followed. */
  readonly kernelPath: string;
  readonly modulesDirectory: string;
}

export interface RootSurvey {
  /** PRETTY_NAME of os-release. */
  readonly systemName: string;
  readonly architecture: string;
  readonly kernel: KernelFiles;
}

const INITS = ['/sbin/init', '/usr/sbin/init', '/lib/systemd/systemd', '/usr/lib/systemd/systemd', '/init'];
const OS_RELEASES = ['/etc/os-release', '/usr/lib/os-release'];
const MODULE_FOLDERS = ['/lib/modules', '/usr/lib/modules'];

/** e_machine of ELF (elf.h) as uname -m spells it. */
const MACHINES: Record<number, string> = { 3: 'i686', 40: 'armv7l', 62: 'x86_64', 183: 'aarch64', 243: 'riscv64' };

/**
 * Checks that `root` is a Linux that can be started and finds its kernel.
 * @param wantedRelease Name of the kernel release; the newest without it.
 * @throws ViverError KIT_NO_ROOT, KIT_NOT_A_ROOT, KIT_NO_KERNEL, KIT_KERNEL_WITHOUT_MODULES
 */
export async function surveyRoot(root: string, wantedRelease?: string): Promise<RootSurvey> {
  const there = await stat(root).catch(() => undefined);
  if (!there) throw new ViverError('KIT_NO_ROOT', `no such directory: ${root}`);
  if (!there.isDirectory()) throw new ViverError('KIT_NO_ROOT', `${root} is not a directory`);
  const osRelease = await firstInRoot(root, OS_RELEASES);
  const init = await firstInRoot(root, INITS);
  const missing = [
    osRelease ? '' : 'etc/os-release',
    (await resolveInRoot(root, '/usr')) ? '' : 'usr',
    init ? '' : 'sbin/init',
  ].filter(Boolean);
  if (!osRelease || !init || missing.length > 0) {
    throw new ViverError('KIT_NOT_A_ROOT', `${root} is not the root of a Linux system: ${missing.join(', ')} missing`);
  }
  return {
    systemName: parseSystemName(await readFile(osRelease, 'utf8')),
    architecture: await elfMachine(init),
    kernel: await findKernel(root, wantedRelease),
  };
}

/**
 * Finds the newest kernel, or the one named.
 * @param shownAs How messages name the root: a directory that was made for a moment says nothing to anybody.
 * @throws ViverError KIT_NO_KERNEL, KIT_KERNEL_WITHOUT_MODULES
 */
export async function findKernel(root: string, wantedRelease?: string, shownAs = root): Promise<KernelFiles> {
  const modules = await moduleFolders(root);
  const kernels = await kernelFiles(root, modules);
  const releases = [...kernels.keys()].filter((release) => !wantedRelease || release === wantedRelease);
  const newest = releases.sort(compareReleases).findLast((release) => modules.has(release));
  if (newest) return { release: newest, kernelPath: kernels.get(newest)!, modulesDirectory: modules.get(newest)! };
  const named = wantedRelease ? ` ${wantedRelease}` : '';
  if (releases.length > 0) {
    throw new ViverError(
      'KIT_KERNEL_WITHOUT_MODULES',
      `kernel ${releases.at(-1)} in ${shownAs} has no modules (lib/modules/${releases.at(-1)}/modules.dep)`,
    );
  }
  const others = kernels.size > 0 ? `; there: ${[...kernels.keys()].join(', ')}` : '';
  throw new ViverError('KIT_NO_KERNEL', `no kernel${named} in ${shownAs}: boot/vmlinuz-RELEASE is missing${others}`);
}

/** release -> folder, for every kernel whose modules are listed by depmod. */
async function moduleFolders(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of MODULE_FOLDERS) {
    const directory = await resolveInRoot(root, folder);
    for (const release of directory ? await names(directory) : []) {
      const dep = await resolveInRoot(root, `${folder}/${release}/modules.dep`);
      if (dep) found.set(release, join(dep, '..'));
    }
  }
  return found;
}

/** release -> kernel file, from all three places. */
async function kernelFiles(root: string, modules: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const boot = await resolveInRoot(root, '/boot');
  for (const name of boot ? await names(boot) : []) {
    const release = /^vmlinu[xz]-(\d.*)$/.exec(name)?.[1];
    const path = release && (await resolveInRoot(root, `/boot/${name}`));
    if (release && path) found.set(release, path);
  }
  for (const [release, directory] of modules) {
    if (found.has(release)) continue;
    const own = join(directory, 'vmlinuz');
    const packageBase = (await readFile(join(directory, 'pkgbase'), 'utf8').catch(() => '')).trim();
    const arch = packageBase && (await resolveInRoot(root, `/boot/vmlinuz-${packageBase}`));
    if (await stat(own).catch(() => undefined)) found.set(release, own);
    else if (arch) found.set(release, arch);
  }
  return found;
}

async function names(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).sort();
}

async function firstInRoot(root: string, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await resolveInRoot(root, path);
    if (found) return found;
  }
  return undefined;
}

function parseSystemName(osRelease: string): string {
  const value = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1] ?? /^NAME=(.*)$/m.exec(osRelease)?.[1] ?? 'Linux';
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}

async function elfMachine(program: string): Promise<string> {
  const handle = await open(program, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    const isElf = bytesRead === 20 && buffer.readUInt32BE(0) === 0x7f454c46;
    // An init that is a script (OpenWrt, hand-made roots) says nothing; it runs on the machine that made it.
    return (isElf && MACHINES[buffer.readUInt16LE(18)]) || 'x86_64';
  } finally {
    await handle.close();
  }
}
