// What boot servers hand out: TFTP and HTTP read through this interface, and only what open() returns can be read. Pure.

import { ViverError } from '../errors.ts';

/** One open file. */
export interface BootContent {
  readonly sizeBytes: number;
  /** Changes when the bytes change; without quotes. */
  readonly tag?: string;
  /** Exactly `length` bytes; the caller stays inside of the size. Rejects when they can't be had. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface BootClient {
  readonly address: string;
}

/** Opens what a path names; undefined when there is nothing. The path has no leading slash, no `.`, no `..`, no empty part. */
export type OpenBootContent = (path: string, client: BootClient) => Promise<BootContent | undefined>;

const MAX_PATH_BYTES = 1024;

/**
 * The path in the form that open() gets. Firmware writes the same file as `/boot/x`, `boot//x` and `\boot\x`.
 * @returns undefined for what no file can be called: `..`, control characters, nothing, too long.
 */
export function normalizePath(path: string): string | undefined {
  const parts = path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  const isBad = parts.length === 0 || parts.includes('..') || path.length > MAX_PATH_BYTES || /\p{Cc}/u.test(path);
  return isBad ? undefined : parts.join('/');
}

/** Content that lies in memory. */
export function bytesContent(bytes: Uint8Array, tag?: string): BootContent {
  return {
    sizeBytes: bytes.length,
    tag,
    read: async (offset, length) => {
      if (offset < 0 || offset + length > bytes.length) {
        throw new ViverError('CONTENT_RANGE', `${length} bytes at ${offset} of ${bytes.length} wanted`);
      }
      return bytes.subarray(offset, offset + length);
    },
    close: async () => {},
  };
}
