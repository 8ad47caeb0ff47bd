// How a foreign file system is mounted to look for images: read-only to the last bit (no journal is replayed: the PC's own system may
// only be hibernating), nothing on it can be executed or be a device. Pure tables; sources: the kernel's Documentation/filesystems.

import type { FileSystemType } from './filesystems.ts';

export interface MountRecipe {
  /** As after `mount -t`. */
  readonly type: string;
  readonly options: readonly string[];
  /** Kernel modules in the order of loading; what is built in is passed over by whoever loads. */
  readonly modules: readonly string[];
}

const ALWAYS = ['ro', 'nosuid', 'nodev', 'noexec'];

const EXT: MountRecipe = { type: 'ext4', options: [...ALWAYS, 'noload'], modules: ['crc32c_generic', 'ext4'] };

const RECIPES: Readonly<Partial<Record<FileSystemType, MountRecipe>>> = {
  ext2: EXT,
  ext3: EXT,
  ext4: EXT,
  // A copy of a disk has the UUID of the disk; both may be in the machine.
  xfs: { type: 'xfs', options: [...ALWAYS, 'norecovery', 'nouuid'], modules: ['crc32c_generic', 'xfs'] },
  btrfs: {
    type: 'btrfs',
    options: [...ALWAYS, 'rescue=nologreplay'],
    modules: ['crc32c_generic', 'xxhash_generic', 'blake2b_generic', 'sha256_generic', 'btrfs'],
  },
  f2fs: { type: 'f2fs', options: [...ALWAYS, 'norecovery'], modules: ['crc32_generic', 'f2fs'] },
  vfat: {
    type: 'vfat',
    options: [...ALWAYS, 'codepage=437', 'iocharset=iso8859-1', 'utf8'],
    modules: ['nls_cp437', 'nls_iso8859-1', 'nls_utf8', 'vfat'],
  },
  exfat: { type: 'exfat', options: ALWAYS, modules: ['nls_utf8', 'exfat'] },
  ntfs: { type: 'ntfs3', options: [...ALWAYS, 'iocharset=utf8'], modules: ['nls_utf8', 'ntfs3'] },
  iso9660: { type: 'iso9660', options: ALWAYS, modules: ['nls_utf8', 'isofs'] },
  udf: { type: 'udf', options: ALWAYS, modules: ['nls_utf8', 'udf'] },
};

/** Undefined for file systems that are no place for image files (a squashfs is an image or nothing). */
export function mountRecipe(type: FileSystemType): MountRecipe | undefined {
  return RECIPES[type];
}
