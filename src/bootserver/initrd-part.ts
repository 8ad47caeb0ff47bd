// One more part of an initrd: small files in a newc archive, compressed. The kernel unpacks concatenated archives one after the other into its rootfs
// (Documentation/driver-api/early-userspace/buffer-format.rst); a compressed one may begin at any offset, a plain one at multiples of 4 only. Pure but for zlib.

import { gzipSync } from 'node:zlib';

export interface PartFile {
  /** Relative to the rootfs: `viver/RUNES/roles`. */
  readonly path: string;
  readonly content: Uint8Array;
}

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
const FILE_MODE = 0o100600;
const FOLDER_MODE = 0o040700;

/** The archive, with all folders on the way; for root's eyes only. Equal files give equal bytes. */
export function packInitrdPart(files: readonly PartFile[]): Uint8Array {
  const folders = [...new Set(files.flatMap(({ path }) => foldersAbove(path)))].sort();
  const records = [
    ...folders.map((path, index) => record(path, new Uint8Array(), FOLDER_MODE, index + 1)),
    ...files.map(({ path, content }, index) => record(path, content, FILE_MODE, folders.length + index + 1)),
    record(TRAILER, new Uint8Array(), 0, 0),
  ];
  return gzipSync(Buffer.concat(records));
}

/** `a/b/c` -> `a`, `a/b` */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

/** Header of 13 fields of 8 hexadecimal digits behind the magic, name with a zero, content; both filled up to multiples of 4. */
function record(path: string, content: Uint8Array, mode: number, inode: number): Uint8Array {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([filledUp(Buffer.concat([Buffer.from(header), name])), filledUp(content)]);
}

function filledUp(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
