// /viver/boot.json on the boot partition of a medium: which files start a machine with this system, and how. The loader's menu says
// the same in its own language; the first node reads this to start the others. Paths are relative to the partition's root. Pure.

import { ViverError } from '../errors.ts';

/** Where it lies on the boot partition. */
export const BOOT_SET_PATH = 'viver/boot.json';
export const MAX_BOOT_SET_BYTES = 64 * 1024;
const MAX_PATH_CHARACTERS = 255;
const MAX_APPEND_CHARACTERS = 2048; // COMMAND_LINE_SIZE of x86

export interface BootSet {
  readonly version: 1;
  /** Path of the kernel on the partition, without a leading slash. */
  readonly kernel: string;
  readonly initrd: string;
  /** Kernel parameters, as the medium's own first menu entry has them. */
  readonly append: string;
  readonly kernelRelease: string;
  /** Label and info hash (v2, hex) of the image that was put onto the medium. */
  readonly image: { readonly label: string; readonly infoHash: string };
}

export function encodeBootSet(bootSet: BootSet): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(bootSet, null, 2)}\n`);
}

/** @throws ViverError IMAGE_BAD_BOOT_SET */
export function decodeBootSet(bytes: Uint8Array): BootSet {
  if (bytes.length > MAX_BOOT_SET_BYTES) throw bad(`${bytes.length} bytes`);
  const value = parse(bytes);
  if (value.version !== 1) throw bad(`version ${JSON.stringify(value.version)}, 1 is known here`);
  const image = isRecord(value.image) ? value.image : {};
  return {
    version: 1,
    kernel: path(value, 'kernel'),
    initrd: path(value, 'initrd'),
    append: text(value, 'append', MAX_APPEND_CHARACTERS),
    kernelRelease: text(value, 'kernelRelease', MAX_PATH_CHARACTERS),
    image: { label: text(image, 'label', MAX_PATH_CHARACTERS), infoHash: infoHash(image) },
  };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isRecord(value)) return value;
  } catch (cause) {
    throw bad('no JSON', cause);
  }
  throw bad('no object');
}

function text(record: Record<string, unknown>, name: string, limit: number): string {
  const value = record[name];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a kernel parameter
  if (typeof value === 'string' && value.length <= limit && !/[\x00-\x1f]/.test(value)) return value;
  throw bad(`${name} is ${value === undefined ? 'missing' : 'no line of text'}`);
}

/** A relative path that stays on the partition. */
function path(record: Record<string, unknown>, name: string): string {
  const value = text(record, name, MAX_PATH_CHARACTERS).replace(/^\/+/, '');
  if (value === '' || value.split('/').includes('..')) throw bad(`${name} is no path on the medium`);
  return value;
}

function infoHash(record: Record<string, unknown>): string {
  const value = text(record, 'infoHash', 64);
  if (/^[0-9a-f]{64}$/.test(value)) return value;
  throw bad('image.infoHash is no SHA-256 in hexadecimal');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(reason: string, cause?: unknown): ViverError {
  return new ViverError('IMAGE_BAD_BOOT_SET', `${BOOT_SET_PATH}: ${reason}`, { cause });
}
