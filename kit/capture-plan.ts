// What of a root goes into its image, as patterns for mksquashfs (-wildcards). Pure; the mounts of the running system are an argument.
// Left out: what belongs to one run (proc, sys, dev, run, tmp) or can be fetched again (package archives), swap, other images, and
// what is mounted from elsewhere: pseudo and network file systems, removable media. Mounted partitions (/home, /boot) belong to it.

import { relative } from 'node:path';

/** One line of /proc/self/mountinfo, as far as it matters here. */
export interface MountPoint {
  readonly path: string;
  readonly type: string;
}

/** Folders that are kept, empty. */
const EMPTY_FOLDERS = ['proc', 'sys', 'dev', 'run', 'tmp', 'var/tmp', 'lost+found', 'var/lib/systemd/coredump'];
const SINGLE_FILES = [
  'var/cache/apt/archives/*.deb',
  'var/cache/apt/archives/partial/*',
  'swapfile',
  'swap.img',
  '... *.viver',
];
/** File systems of real partitions; anything else that is mounted below the root is not part of the system on disk. */
const PARTITION_TYPES = new Set(
  'ext2 ext3 ext4 xfs btrfs f2fs vfat exfat ntfs ntfs3 fuseblk jfs reiserfs nilfs2 bcachefs zfs erofs'.split(' '),
);
const REMOVABLE_FOLDERS = ['/media/', '/mnt/', '/run/'];

export interface CapturePlan {
  /** Patterns relative to the root, for `mksquashfs -wildcards -e`. */
  readonly patterns: readonly string[];
  /** Mounts whose contents are left out, with the reason, for the log. */
  readonly leftOut: readonly string[];
  readonly included: readonly string[];
}

/**
 * @param root Real path of the directory that becomes the image.
 * @param mounts All mounts of this system.
 * @param extra The user's own patterns, as given.
 * @param files Absolute paths of single files to leave out: swap files in use, the output itself.
 */
export function planCapture(
  root: string,
  mounts: readonly MountPoint[],
  extra: readonly string[],
  files: readonly string[] = [],
): CapturePlan {
  const below = mounts.filter((mount) => mount.path !== root && isBelow(root, mount.path));
  const foreign = below.filter((mount) => !belongsToSystem(mount));
  const escaped = (path: string) => escapePattern(relative(root, path));
  return {
    patterns: [
      ...EMPTY_FOLDERS.flatMap(contentsOf),
      ...SINGLE_FILES,
      ...foreign.flatMap((mount) => contentsOf(escaped(mount.path))),
      ...files.filter((path) => isBelow(root, path)).map(escaped),
      ...extra.map((pattern) => pattern.replace(/^\/+/, '')),
    ],
    leftOut: foreign.map((mount) => `${mount.path} (${mount.type})`),
    included: below.filter(belongsToSystem).map((mount) => `${mount.path} (${mount.type})`),
  };
}

/** Decodes /proc/self/mountinfo (proc(5)): mount point is field 5, the type is the first field behind ` - `. */
export function parseMountInfo(text: string): MountPoint[] {
  return text
    .split('\n')
    .filter((line) => line.includes(' - '))
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ', 2);
      return { path: unescapeOctal(before.split(' ')[4] ?? '/'), type: after.split(' ')[0] ?? '' };
    });
}

/** Paths of swap files in use, out of /proc/swaps. */
export function parseSwapFiles(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter((fields) => fields[1] === 'file')
    .map((fields) => unescapeOctal(fields[0]!));
}

/** Swap files that an fstab names, as paths of that system. */
export function parseFstabSwapFiles(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[2] === 'swap' && fields[0]!.startsWith('/') && !fields[0]!.startsWith('/dev/'))
    .map((fields) => unescapeOctal(fields[0]!));
}

/** True when `path` lies in the directory `root` (or is it). */
export function isBelow(root: string, path: string): boolean {
  const prefix = root.endsWith('/') ? root : `${root}/`;
  return path === root || path.startsWith(prefix);
}

function belongsToSystem(mount: MountPoint): boolean {
  return PARTITION_TYPES.has(mount.type) && !REMOVABLE_FOLDERS.some((folder) => mount.path.startsWith(folder));
}

/** `*` of fnmatch(3) with FNM_PERIOD does not match names that begin with a dot, hence two patterns. */
function contentsOf(folder: string): string[] {
  return [`${folder}/*`, `${folder}/.*`];
}

function escapePattern(path: string): string {
  return path.replace(/[\\*?[\]()|!@+]/g, '\\$&');
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
