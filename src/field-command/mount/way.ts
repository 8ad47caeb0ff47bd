// How an image can be mounted on this machine: by the kernel's own NBD driver, or by nbdfuse, which shows the NBD export as a file, and a loop device on
// that file. Pure; what the machine has is found out by survey.ts.

export type MountWay = 'kernel' | 'fuse';

/** What mounting needs, and whether it is here. */
export interface MountMeans {
  readonly isRoot: boolean;
  /** The kernel knows squashfs. */
  readonly squashfs: boolean;
  /** The kernel's nbd module is loaded. */
  readonly kernelNbd: boolean;
  /** The program nbdfuse can be started. */
  readonly nbdfuse: boolean;
  /** /dev/fuse is there. */
  readonly fuse: boolean;
  /** /dev/loop-control is there. */
  readonly loop: boolean;
}

export type MountChoice =
  | { readonly way: MountWay; readonly says: string }
  | { readonly way: undefined; readonly missing: readonly string[] };

const ALWAYS_WANTED: readonly [keyof MountMeans, string][] = [
  ['isRoot', 'root rights'],
  ['squashfs', 'squashfs in the kernel (modprobe squashfs)'],
];
const WANTED_BY_FUSE: readonly [keyof MountMeans, string][] = [
  ['nbdfuse', 'the program nbdfuse (Debian: package nbdfuse, or libnbd-bin before 13)'],
  ['fuse', '/dev/fuse (modprobe fuse)'],
  ['loop', 'loop devices (modprobe loop)'],
];

/** The kernel's NBD where it is, since it has one process less between reader and field. */
export function chooseMountWay(means: MountMeans): MountChoice {
  const missing = lacking(means, ALWAYS_WANTED);
  if (missing.length > 0) return { way: undefined, missing };
  if (means.kernelNbd) return { way: 'kernel', says: "by the kernel's nbd" };
  const forFuse = lacking(means, WANTED_BY_FUSE);
  if (forFuse.length === 0) return { way: 'fuse', says: 'by nbdfuse and a loop device: the kernel has no nbd' };
  return { way: undefined, missing: [`either nbd in the kernel (modprobe nbd), or ${forFuse.join(' and ')}`] };
}

function lacking(means: MountMeans, wanted: readonly [keyof MountMeans, string][]): string[] {
  return wanted.filter(([name]) => !means[name]).map(([, words]) => words);
}
