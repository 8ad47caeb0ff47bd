// Takes an initrd from anywhere apart. The kernel accepts several archives one after the other, each plain or compressed, with zeros
// between them (Documentation/driver-api/early-userspace/buffer-format.rst); Debian's has CPU microcode first, then the rest.
// gzip and zstd are Node's; what Node does not have is left to a program, which then takes all that follows.

import { spawn } from 'node:child_process';
import { constants, crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { ViverError } from '../../src/errors.ts';
import { gzipHeaderBytes, zstdFrameBytes } from './frames.ts';
import { type CpioRecord, isNewc, readArchive, readArchives, skipZeros } from './read.ts';

/** Of the file, and of what one segment becomes when decompressed. */
export const MAX_INITRD_BYTES = 2 ** 31;

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'lz4' | 'bzip2' | 'lzma';

export interface Segment {
  readonly compression: Compression;
  /** Where it begins in the file, and how many bytes it has there (without zeros behind it). */
  readonly offset: number;
  readonly storedBytes: number;
  readonly records: readonly CpioRecord[];
}

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzma', [0x5d, 0x00, 0x00]],
];

/** Programs that decompress standard input for the rest. */
const PROGRAMS: Readonly<Partial<Record<Compression, readonly string[]>>> = {
  xz: ['xz', '-dc', '--single-stream'],
  lz4: ['lz4', '-dc'],
  bzip2: ['bzip2', '-dc'],
  lzma: ['xz', '-dc', '--format=lzma'],
};

/** What begins at `offset`. @throws ViverError CPIO_MAGIC when that is nothing an initrd is made of. */
export function detectCompression(bytes: Uint8Array, offset: number): Compression {
  if (isNewc(bytes, offset)) return 'none';
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => bytes[offset + index] === byte));
  if (found) return found[0];
  const first = Buffer.from(bytes.subarray(offset, offset + 6)).toString('hex');
  throw new ViverError('CPIO_MAGIC', `no archive at offset ${offset} (begins with ${first})`, { details: { offset } });
}

/** All segments of an initrd, in order. @throws ViverError CPIO_… for anything that the kernel would not unpack either. */
export async function readSegments(bytes: Uint8Array): Promise<Segment[]> {
  if (bytes.length > MAX_INITRD_BYTES) throw new ViverError('CPIO_LIMIT', 'the file is larger than any initrd');
  const segments: Segment[] = [];
  let offset = skipZeros(bytes, 0);
  while (offset < bytes.length) {
    const segment = await readSegment(bytes, offset);
    segments.push(segment);
    offset = skipZeros(bytes, offset + segment.storedBytes);
  }
  if (segments.length === 0) throw new ViverError('CPIO_EMPTY', 'the file holds no archive');
  return segments;
}

async function readSegment(bytes: Uint8Array, offset: number): Promise<Segment> {
  const compression = detectCompression(bytes, offset);
  if (compression === 'none') {
    const { records, endOffset } = readArchive(bytes, offset);
    return { compression, offset, storedBytes: endOffset - offset, records };
  }
  const { content, storedBytes } = await decompress(compression, bytes.subarray(offset));
  return { compression, offset, storedBytes, records: readArchives(content) };
}

interface Decompressed {
  readonly content: Uint8Array;
  readonly storedBytes: number;
}

async function decompress(compression: Compression, stored: Uint8Array): Promise<Decompressed> {
  try {
    if (compression === 'gzip') return gunzipMember(stored);
    if (compression === 'zstd') return unzstdFrame(stored);
    return await decompressByProgram(PROGRAMS[compression]!, stored);
  } catch (cause) {
    if (cause instanceof ViverError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ViverError('CPIO_COMPRESSED', `the ${compression} part of the archive is damaged: ${why}`, { cause });
  }
}

/** One gzip member (RFC 1952) by its raw stream, since Node's gunzip does not say where a member ends. */
function gunzipMember(stored: Uint8Array): Decompressed {
  const start = gzipHeaderBytes(stored);
  const raw = stored.subarray(start);
  const options = { info: true, maxOutputLength: MAX_INITRD_BYTES } as const;
  const { buffer, engine } = inflateRawSync(raw, options) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  const end = start + engine.bytesWritten;
  const trailer = Buffer.from(stored.subarray(end, end + 8));
  if (trailer.length < 8) throw new ViverError('CPIO_SHORT', 'the gzip part of the archive ends early');
  if (trailer.readUInt32LE(0) !== crc32(buffer)) throw new Error('checksum is wrong');
  return { content: buffer, storedBytes: end + 8 };
}

/** One zstd frame (RFC 8878). */
function unzstdFrame(stored: Uint8Array): Decompressed {
  const storedBytes = zstdFrameBytes(stored);
  const content = zstdDecompressSync(stored.subarray(0, storedBytes), {
    maxOutputLength: MAX_INITRD_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: 31 }, // mkinitramfs and dracut use long windows
  });
  return { content, storedBytes };
}

async function decompressByProgram(command: readonly string[], stored: Uint8Array): Promise<Decompressed> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve(code ?? 255)),
  );
  child.stdin.on('error', () => {}); // it has seen enough
  child.stdin.end(stored);
  const [content, words, status] = await Promise.all([collect(child.stdout), collect(child.stderr), ended]);
  if (status !== 0) throw new Error(words.toString().trim().split('\n', 1)[0] || `${command[0]} ended with ${status}`);
  return { content, storedBytes: stored.length };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_INITRD_BYTES)
      throw new ViverError('CPIO_LIMIT', 'the archive unpacks to more than any initrd has');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
