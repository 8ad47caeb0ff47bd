// How long the header of a gzip member and a whole zstd frame are, so that what follows them can be found. Pure.

import { ViverError } from '../../src/errors.ts';
import { Reader } from '../../src/wire/cursor.ts';

const GzipFlag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Bytes before the raw deflate stream (RFC 1952, section 2.3). */
export function gzipHeaderBytes(bytes: Uint8Array): number {
  const reader = new Reader(bytes, 'CPIO_SHORT');
  reader.skip(2);
  const method = reader.u8();
  const flags = reader.u8();
  if (method !== 8 || (flags & GzipFlag.reserved) !== 0) throw damaged('gzip', 'an unknown kind of header');
  reader.skip(6);
  if (flags & GzipFlag.extra) reader.skip(reader.u16le());
  if (flags & GzipFlag.name) skipText(reader);
  if (flags & GzipFlag.comment) skipText(reader);
  if (flags & GzipFlag.headerCrc) reader.skip(2);
  return reader.offset;
}

function skipText(reader: Reader): void {
  while (reader.u8() !== 0);
}

const ZstdBlock = { raw: 0, repeated: 1, compressed: 2 } as const;
/** Bytes of the fields by their flag (RFC 8878, section 3.1.1.1). */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** Length of the zstd frame at the beginning of `bytes`, checksum included (RFC 8878, section 3.1.1). */
export function zstdFrameBytes(bytes: Uint8Array): number {
  const reader = new Reader(bytes, 'CPIO_SHORT');
  reader.skip(4);
  const descriptor = reader.u8();
  const singleSegment = (descriptor & 0x20) !== 0;
  if (!singleSegment) reader.skip(1);
  reader.skip(DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]);
  const sizeFlag = (descriptor >> 6) as 0 | 1 | 2 | 3;
  reader.skip(sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag]);
  while (!skipBlock(reader));
  if (descriptor & 4) reader.skip(4);
  return reader.offset;
}

/** @returns whether it was the last one. */
function skipBlock(reader: Reader): boolean {
  const header = reader.u16le() | (reader.u8() << 16);
  const type = (header >> 1) & 3;
  const sizeBytes = header >>> 3;
  if (type === ZstdBlock.repeated) reader.skip(1);
  else if (type === ZstdBlock.raw || type === ZstdBlock.compressed) reader.skip(sizeBytes);
  else throw damaged('zstd', 'a block of a reserved type');
  return (header & 1) === 1;
}

function damaged(kind: string, why: string): ViverError {
  return new ViverError('CPIO_COMPRESSED', `the ${kind} part of the archive has ${why}`);
}
