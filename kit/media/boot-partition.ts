// The EFI system partition of a medium: which files it holds, and a FAT32 image of them made by mtools without root.
// Loaders come from Debian's packages: the signed shim and GRUB start with Secure Boot on and off.

import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOM_KEY_FILE } from '../../src/cluster/room-key.ts';
import { ViverError } from '../../src/errors.ts';
import { BOOT_SET_PATH, type BootSet, encodeBootSet } from '../../src/images/boot-set.ts';
import { runChecked } from '../child.ts';
import { SECTOR_BYTES } from './gpt.ts';
import { formatGrubMenu, SIGNED_GRUB_MENU } from './grub.ts';
import { clusterSectors, type Extent } from './layout.ts';

/** One file of the partition and where its bytes are now. */
export interface BootFile {
  readonly path: string;
  readonly source: string;
}

/** What the signed GRUB of Debian reads first. */
export const SIGNED_MENU_PATH = 'EFI/debian/grub.cfg';
export const ROOM_KEY_PATH = `RUNES/${ROOM_KEY_FILE}`;
const SHIM = '/usr/lib/shim/shimx64.efi.signed';
const MOK_MANAGER = '/usr/lib/shim/mmx64.efi.signed';
const SIGNED_GRUB = '/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed';

/** What differs from medium to medium. */
export interface OwnFiles {
  /** Paths. */
  readonly kernel: string;
  readonly initrd: string;
  /** Text of RUNES/room.key. */
  readonly roomKey: string;
}

/** All files of the partition; small ones are written into `scratch` first. @throws ViverError KIT_NO_LOADER */
export async function bootFiles(bootSet: BootSet, own: OwnFiles, scratch: string): Promise<BootFile[]> {
  const menu = formatGrubMenu({ ...bootSet, title: `Viver: ${bootSet.image.label}` });
  const files: BootFile[] = [
    { path: 'EFI/BOOT/BOOTX64.EFI', source: await loader(SHIM, 'shim-signed') },
    { path: 'EFI/BOOT/grubx64.efi', source: await loader(SIGNED_GRUB, 'grub-efi-amd64-signed') },
    { path: 'EFI/BOOT/mmx64.efi', source: await loader(MOK_MANAGER, 'shim-helpers-amd64-signed') },
    { path: SIGNED_MENU_PATH, source: await written(scratch, 'signed-grub.cfg', SIGNED_GRUB_MENU) },
    { path: 'viver/grub.cfg', source: await written(scratch, 'grub.cfg', menu) },
    { path: BOOT_SET_PATH, source: await written(scratch, 'boot.json', encodeBootSet(bootSet)) },
    { path: bootSet.kernel, source: own.kernel },
    { path: bootSet.initrd, source: own.initrd },
    { path: ROOM_KEY_PATH, source: await written(scratch, ROOM_KEY_FILE, own.roomKey) },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Sum of the lengths of the files, in bytes. */
export async function totalBytes(files: readonly BootFile[]): Promise<number> {
  const sizes = await Promise.all(files.map(async ({ source }) => (await stat(source)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export interface FatFormat {
  /** FAT16 for the few loaders of a disc, FAT32 for a partition. */
  readonly bits: 16 | 32;
  /** 32 bits, shown by blkid as 1234-ABCD. */
  readonly volumeId: number;
  /** Seconds since 1970 that stand for every time stamp. */
  readonly timeSeconds: number;
}

/** Writes a FAT of `extent`'s size to `output`. Equal files give equal bytes. */
export async function makeBootPartition(
  files: readonly BootFile[],
  output: string,
  extent: Extent,
  { bits, volumeId, timeSeconds }: FatFormat,
  signal: AbortSignal,
): Promise<void> {
  // Times in FAT are local ones; without a fixed zone the same input would give other bytes elsewhere.
  const env = { ...process.env, TZ: 'UTC', SOURCE_DATE_EPOCH: `${timeSeconds}`, MTOOLS_SKIP_CHECK: '1' };
  const kibibytes = (extent.sectors * SECTOR_BYTES) / 1024;
  const id = volumeId.toString(16).padStart(8, '0');
  const geometry = ['-s', `${clusterSectors(extent)}`, '-h', `${extent.firstSector}`, '-S', `${SECTOR_BYTES}`];
  await runChecked(
    'mkfs.vfat',
    ['-F', `${bits}`, '-n', 'VIVERBOOT', '-i', id, '--invariant', ...geometry, '-C', output, `${kibibytes}`],
    { signal, env },
  );
  for (const folder of foldersOf(files)) await runChecked('mmd', ['-i', output, `::/${folder}`], { signal, env });
  for (const { path, source } of files) {
    await runChecked('mcopy', ['-i', output, source, `::/${path}`], { signal, env });
  }
}

/** `a/b/c` -> `a`, `a/b`; parents first. */
export function foldersOf(files: readonly BootFile[]): string[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
  }
  return [...folders].sort();
}

async function loader(path: string, debianPackage: string): Promise<string> {
  if (await stat(path).catch(() => undefined)) return path;
  throw new ViverError('KIT_NO_LOADER', `${path} is missing: install the package ${debianPackage}`);
}

async function written(scratch: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(scratch, name);
  await writeFile(path, content);
  await utimes(path, 0, 0);
  return path;
}
