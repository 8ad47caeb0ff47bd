// The "newc" cpio header that Linux unpacks as initramfs (Documentation/driver-api/early-userspace/buffer-format.rst). Pure.
//
//   "070701" | ino | mode | uid | gid | nlink | mtime | filesize | devmajor | devminor | rdevmajor | rdevminor | namesize | check
//      6     |  13 fields of 8 hexadecimal digits each = 110 bytes, then name with NUL, zeros to 4, data, zeros to 4

import { ViverError } from '../errors.ts';

export const NEWC_HEADER_BYTES = 110;
export const TRAILER_NAME = 'TRAILER!!!';
/** PATH_MAX of Linux with the closing NUL; the kernel skips a record with a longer name. */
export const MAX_NAME_BYTES = 4096;
/** The most that eight hexadecimal digits can say. */
export const MAX_FIELD = 0xffffffff;

/** File type bits of a mode (inode(7)). */
export const FileType = {
  mask: 0o170000,
  fifo: 0o010000,
  characterDevice: 0o020000,
  directory: 0o040000,
  blockDevice: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;

export interface NewcHeader {
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkCount: number;
  readonly mtimeSeconds: number;
  readonly sizeBytes: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Of a device node: the device that it stands for. */
  readonly nodeMajor: number;
  readonly nodeMinor: number;
  readonly name: string;
}

/** Header, name and padding as they stand in front of the data. */
export function encodeNewcHeader(header: NewcHeader): Uint8Array {
  const name = encodeName(header.name);
  const text = `070701${fields(header)
    .concat(name.length + 1, 0)
    .map((value) => hex(value, header.name))
    .join('')}`;
  const bytes = new Uint8Array(roundUp4(NEWC_HEADER_BYTES + name.length + 1));
  bytes.set(new TextEncoder().encode(text));
  bytes.set(name, NEWC_HEADER_BYTES);
  return bytes;
}

/** Lengths in newc are padded to four bytes. */
export function roundUp4(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function fields(header: NewcHeader): number[] {
  return [
    header.inode,
    header.mode,
    header.uid,
    header.gid,
    header.linkCount,
    header.mtimeSeconds,
    header.sizeBytes,
    header.deviceMajor,
    header.deviceMinor,
    header.nodeMajor,
    header.nodeMinor,
  ];
}

function hex(value: number, name: string): string {
  if (!Number.isInteger(value) || value < 0 || value > MAX_FIELD) {
    throw new ViverError('CPIO_RANGE', `cpio: ${value} does not fit the header of ${name}`);
  }
  return value.toString(16).toUpperCase().padStart(8, '0');
}

function encodeName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === 0 || bytes.includes(0) || bytes.length >= MAX_NAME_BYTES) {
    throw new ViverError('CPIO_NAME', `cpio: not a name for a record: ${JSON.stringify(name.slice(0, 80))}`);
  }
  return bytes;
}
