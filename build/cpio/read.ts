// A strict reader of newc archives from anywhere: every length meets a limit and the end of the input first. Pure.
// One stretch of bytes may hold several archives with zeros between them, as the kernel accepts it.

import { ViverError } from '../../src/errors.ts';
import {
  FileType,
  MAX_NAME_BYTES,
  NEWC_HEADER_BYTES,
  type NewcHeader,
  roundUp4,
  TRAILER_NAME,
} from '../../src/wire/newc.ts';

/** Far more than an initrd has; stops an archive of millions of empty records. */
export const MAX_RECORDS = 500_000;

export interface CpioRecord extends NewcHeader {
  /** A view of the archive. A later hard link's record may be the one that carries the data. */
  readonly data: Uint8Array;
}

/** True where an uncompressed archive may start. */
export function isNewc(bytes: Uint8Array, offset = 0): boolean {
  const magic = String.fromCharCode(...bytes.subarray(offset, offset + 6));
  return magic === '070701' || magic === '070702';
}

/**
 * Reads one archive that starts at `offset`, up to and with its trailer.
 * @returns the records without the trailer, and where the bytes behind the trailer begin.
 */
export function readArchive(bytes: Uint8Array, offset = 0): { records: CpioRecord[]; endOffset: number } {
  const records: CpioRecord[] = [];
  let position = offset;
  while (records.length <= MAX_RECORDS) {
    const { record, endOffset } = readRecord(bytes, position);
    if (record.name === TRAILER_NAME) return { records, endOffset };
    records.push(record);
    position = endOffset;
  }
  throw new ViverError('CPIO_LIMIT', `cpio: more than ${MAX_RECORDS} records`);
}

/** All archives in `bytes`, which must hold nothing else but zeros between and behind them. */
export function readArchives(bytes: Uint8Array): CpioRecord[] {
  const records: CpioRecord[] = [];
  let offset = skipZeros(bytes, 0);
  while (offset < bytes.length) {
    const archive = readArchive(bytes, offset);
    for (const record of archive.records) records.push(record);
    offset = skipZeros(bytes, archive.endOffset);
  }
  return records;
}

/** The next offset that holds no zero. */
export function skipZeros(bytes: Uint8Array, offset: number): number {
  let position = offset;
  while (position < bytes.length && bytes[position] === 0) position++;
  return position;
}

/** The name as a relative path without `.` parts; undefined when it would leave the directory it is unpacked to. */
export function safePath(name: string): string | undefined {
  if (name.startsWith('/')) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

function readRecord(bytes: Uint8Array, offset: number): { record: CpioRecord; endOffset: number } {
  const field = fieldReader(bytes, offset);
  const sizeBytes = field(6);
  const nameStart = offset + NEWC_HEADER_BYTES;
  const nameBytes = field(11);
  const name = readName(bytes, nameStart, nameBytes);
  const dataStart = offset + roundUp4(NEWC_HEADER_BYTES + nameBytes);
  const data = slice(bytes, dataStart, sizeBytes, name);
  const record = { ...numbers(field), sizeBytes, name, data };
  if (field(12) !== 0 && isChecked(bytes, offset)) verifySum(record, field(12));
  return { record, endOffset: Math.min(dataStart + roundUp4(sizeBytes), bytes.length) };
}

function fieldReader(bytes: Uint8Array, offset: number): (index: number) => number {
  if (bytes.length - offset < NEWC_HEADER_BYTES) throw short('a header', offset, bytes.length);
  if (!isNewc(bytes, offset)) {
    throw new ViverError('CPIO_MAGIC', `cpio: no newc header at offset ${offset}`, { details: { offset } });
  }
  const text = String.fromCharCode(...bytes.subarray(offset + 6, offset + NEWC_HEADER_BYTES));
  if (!/^[0-9a-fA-F]+$/.test(text)) {
    throw new ViverError('CPIO_HEX', `cpio: header at offset ${offset} is not hexadecimal`, { details: { offset } });
  }
  return (index) => Number.parseInt(text.slice(index * 8, index * 8 + 8), 16);
}

function numbers(field: (index: number) => number) {
  return {
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    linkCount: field(4),
    mtimeSeconds: field(5),
    deviceMajor: field(7),
    deviceMinor: field(8),
    nodeMajor: field(9),
    nodeMinor: field(10),
  };
}

function readName(bytes: Uint8Array, start: number, lengthBytes: number): string {
  if (lengthBytes < 2 || lengthBytes > MAX_NAME_BYTES) {
    throw new ViverError('CPIO_NAME', `cpio: name of ${lengthBytes} bytes at offset ${start}`);
  }
  const withNul = slice(bytes, start, lengthBytes, 'a name');
  if (withNul.indexOf(0) !== lengthBytes - 1) {
    throw new ViverError('CPIO_NAME', `cpio: name at offset ${start} does not end where it says`);
  }
  return new TextDecoder().decode(withNul.subarray(0, -1));
}

function slice(bytes: Uint8Array, start: number, lengthBytes: number, what: string): Uint8Array {
  if (lengthBytes > bytes.length - start) throw short(what, start, bytes.length);
  return bytes.subarray(start, start + lengthBytes);
}

function short(what: string, offset: number, length: number): ViverError {
  return new ViverError('CPIO_SHORT', `cpio: the archive ends inside ${what} (offset ${offset} of ${length})`, {
    details: { offset, length },
  });
}

function isChecked(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset + 5] === 0x32;
}

/** "070702" archives carry the sum of all data bytes of a file. */
function verifySum(record: CpioRecord, expected: number): void {
  if ((record.mode & FileType.mask) !== FileType.file) return;
  let sum = 0;
  for (const byte of record.data) sum = (sum + byte) >>> 0;
  if (sum !== expected) throw new ViverError('CPIO_SUM', `cpio: checksum of ${record.name} is wrong`);
}
