import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import {
  decodeImageHeader,
  decodeSquashfsSuperblock,
  encodeImageTrailer,
  formatSuperblock,
  headerOffset,
  IMAGE_ALIGNMENT_BYTES,
  IMAGE_HEADER_BYTES,
  imageLengthBytes,
  MAX_METAINFO_BYTES,
  SQUASHFS_SUPERBLOCK_BYTES,
} from './format.ts';
import { squashfsHead } from './testdata/squashfs-head.ts';

describe('superblock', () => {
  test('is read at the offsets of the kernel header', () => {
    const superblock = decodeSquashfsSuperblock(
      squashfsHead({ bytesUsed: 222_148_561, createdSeconds: 1_700_000_000 }),
    );
    expect(superblock).toEqual({
      bytesUsed: 222_148_561,
      createdSeconds: 1_700_000_000,
      blockSizeBytes: 131_072,
      inodeCount: 15_943,
      compression: 'zstd',
    });
    expect(headerOffset(superblock)).toBe(222_150_656);
    expect(formatSuperblock(superblock)).toBe('squashfs zstd 211.9 MiB, blocks of 128 KiB, 15943 inodes');
  });

  test.each([
    ['another magic', (bytes: Uint8Array) => bytes.fill(0, 0, 4), 'IMAGE_BAD_SQUASHFS'],
    ['version 3', (bytes: Uint8Array) => bytes.fill(3, 28, 29), 'IMAGE_BAD_SQUASHFS'],
    ['a length beyond all numbers', (bytes: Uint8Array) => bytes.fill(0xff, 40, 48), 'IMAGE_BAD_SQUASHFS'],
    ['no length', (bytes: Uint8Array) => bytes.fill(0, 40, 48), 'IMAGE_BAD_SQUASHFS'],
  ])('refuses %s', (_, damage, code) => {
    const bytes = squashfsHead({ bytesUsed: 5000 });
    damage(bytes);
    expect(() => decodeSquashfsSuperblock(bytes)).toThrow(expect.objectContaining({ code }));
  });
});

describe('header', () => {
  test('decode(encode(x)) = x, and the trailer keeps the alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 9000 }), (metainfo) => {
        const trailer = encodeImageTrailer(metainfo);
        const header = decodeImageHeader(trailer);
        expect(header).toEqual({ version: 1, metainfoLengthBytes: metainfo.length });
        expect(trailer.length % IMAGE_ALIGNMENT_BYTES).toBe(0);
        expect(trailer.slice(IMAGE_HEADER_BYTES, IMAGE_HEADER_BYTES + metainfo.length)).toEqual(metainfo);
      }),
    );
  });

  test('a length that nobody would write is refused before it is read', () => {
    const trailer = encodeImageTrailer(new Uint8Array(10));
    new DataView(trailer.buffer, trailer.byteOffset).setUint32(12, MAX_METAINFO_BYTES + 1);
    expect(() => decodeImageHeader(trailer)).toThrow(expect.objectContaining({ code: 'IMAGE_BAD_LENGTH' }));
  });

  test('a squashfs alone is told apart from a damaged image', () => {
    expect(() => decodeImageHeader(new Uint8Array(16))).toThrow(expect.objectContaining({ code: 'IMAGE_NO_HEADER' }));
  });

  test('the length of the whole file follows from superblock and header', () => {
    const superblock = decodeSquashfsSuperblock(squashfsHead({ bytesUsed: 4097 }));
    expect(imageLengthBytes(superblock, { version: 1, metainfoLengthBytes: 4080 })).toBe(8192 + 4096);
    expect(imageLengthBytes(superblock, { version: 1, metainfoLengthBytes: 4081 })).toBe(8192 + 8192);
  });
});

test('any bytes decode or throw ViverError', () => {
  const decoders = [decodeSquashfsSuperblock, decodeImageHeader];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: SQUASHFS_SUPERBLOCK_BYTES + 8 }), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }
    }),
  );
});
