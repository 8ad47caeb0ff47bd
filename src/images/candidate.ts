// An image that was found: what it is and where. Data only.

import type { Drive } from './drives.ts';
import type { FoundFileSystem } from './filesystems.ts';

/** What the search needs of a decoded metainfo; the field's Metainfo has it all. */
export interface ImageFactsOnDisk {
  readonly lengthBytes: number;
  readonly image: { readonly label: string; readonly kernelRelease: string };
  readonly createdSeconds?: number;
}

export interface ImageCandidate<M extends ImageFactsOnDisk = ImageFactsOnDisk> {
  readonly drive: Drive;
  /** The partition's or drive's own file system; absent when the image lies there raw. */
  readonly fileSystem?: FoundFileSystem;
  /** Where the file system is mounted; absent for a raw image. */
  readonly mountPoint?: string;
  /** What to open: the image file, or the device node of a raw image. */
  readonly path: string;
  /** Name of the file, or of the device. */
  readonly name: string;
  readonly metainfo: M;
  /** The metainfo as it lies in the image, for passing it on. */
  readonly metainfoBytes: Uint8Array;
}

/** `sda3:/debian.viver (debian, kernel 6.1.0-1)` for logs and the console. */
export function formatCandidate(candidate: ImageCandidate): string {
  const inside = candidate.mountPoint ? candidate.path.slice(candidate.mountPoint.length) : '';
  const { label, kernelRelease } = candidate.metainfo.image;
  return `${candidate.drive.name}${inside ? `:${inside}` : ''} (${label}, kernel ${kernelRelease})`;
}
