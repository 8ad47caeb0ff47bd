// One more part of an initrd: small files in a newc archive, compressed. The kernel unpacks concatenated archives one after the other into its rootfs
// (Documentation/driver-api/early-userspace/buffer-format.rst); a compressed one may begin at any offset, a plain one at multiples of 4 only. Pure but for zlib.

import { gzipSync } from 'node:zlib';
import { encodeNewcHeader, FileType, roundUp4, TRAILER_NAME } from '../wire/newc.ts';

export interface PartFile {
  /** Relative to the rootfs: `viver/RUNES/roles`. */
  readonly path: string;
  readonly content: Uint8Array;
}

const NOTHING = new Uint8Array();
/** No owner but root, no time: nothing that would differ from start to start. */
const OF_ROOT = {
  uid: 0,
  gid: 0,
  linkCount: 1,
  mtimeSeconds: 0,
  deviceMajor: 0,
  deviceMinor: 0,
  nodeMajor: 0,
  nodeMinor: 0,
};
const MODE = { file: FileType.file | 0o600, folder: FileType.directory | 0o700 } as const;

/** The archive, with all folders on the way; for root's eyes only. Equal files give equal bytes. @throws ViverError CPIO_NAME, CPIO_RANGE. */
export function packInitrdPart(files: readonly PartFile[]): Uint8Array {
  const folders = [...new Set(files.flatMap(({ path }) => foldersAbove(path)))].sort();
  const records = [
    ...folders.map((path, index) => record({ path, content: NOTHING }, MODE.folder, index + 1)),
    ...files.map((file, index) => record(file, MODE.file, folders.length + index + 1)),
    record({ path: TRAILER_NAME, content: NOTHING }, 0, 0),
  ];
  return gzipSync(Buffer.concat(records));
}

/** `a/b/c` -> `a`, `a/b` */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

/** Header and content, which is filled up to a multiple of 4. */
function record({ path, content }: PartFile, mode: number, inode: number): Uint8Array {
  const header = encodeNewcHeader({ ...OF_ROOT, name: path, mode, inode, sizeBytes: content.length });
  return Buffer.concat([header, content, Buffer.alloc(roundUp4(content.length) - content.length)]);
}
