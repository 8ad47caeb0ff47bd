// Reads an initrd file back: ours or any other Linux's. Owns nothing; the squashfs files inside ours are used where they lie, by offset.

import { readFile } from 'node:fs/promises';
import { runChecked } from '../kit/child.ts';
import { ViverError } from '../src/errors.ts';
import { FileType } from '../src/wire/newc.ts';
import type { CpioRecord } from './cpio/read.ts';
import { MAX_INITRD_BYTES, readSegments, type Segment } from './cpio/segments.ts';
import { InitrdPath } from './initrd-file.ts';

export interface InitrdFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly segments: readonly Segment[];
  /** The parts of an initrd of ours; undefined for a foreign one. */
  readonly ours?: { readonly runtimeOffset: number; readonly modulesOffset: number; readonly manifest: string };
}

/** @throws ViverError CPIO_… when the file is no initrd. */
export async function readInitrd(path: string): Promise<InitrdFile> {
  const bytes = await readWhole(path);
  const segments = await readSegments(bytes);
  return { path, sizeBytes: bytes.length, segments, ours: findOurs(bytes, segments) };
}

/** Lines of `ls -l` kind for one record. */
export function formatRecord(record: CpioRecord): string {
  const type = record.mode & FileType.mask;
  const device = type === FileType.characterDevice || type === FileType.blockDevice;
  const size = device ? `${record.nodeMajor},${record.nodeMinor}` : `${record.sizeBytes}`;
  const target = type === FileType.symlink ? ` -> ${Buffer.from(record.data).toString('utf8')}` : '';
  return `${formatMode(record.mode)} ${record.uid}/${record.gid} ${size.padStart(10)} ${record.name}${target}`;
}

/** `drwxr-xr-x`, as ls writes it. */
export function formatMode(mode: number): string {
  const letters: Record<number, string> = {
    [FileType.directory]: 'd',
    [FileType.symlink]: 'l',
    [FileType.characterDevice]: 'c',
    [FileType.blockDevice]: 'b',
    [FileType.fifo]: 'p',
    [FileType.socket]: 's',
    [FileType.file]: '-',
  };
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  for (const [bit, place, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if (mode & bit) bits[place] = bits[place] === '-' ? letter.toUpperCase() : letter;
  }
  return (letters[mode & FileType.mask] ?? '?') + bits.join('');
}

/** What is inside a squashfs that begins at `offset` of `path`: lines of unsquashfs -lln without its own root's name. */
export async function listSquashfs(path: string, offset: number): Promise<string[]> {
  const { stdout } = await runChecked('unsquashfs', ['-offset', `${offset}`, '-lln', path]);
  return stdout
    .split('\n')
    .filter((line) => /^[-dlbcps]/.test(line))
    .map((line) => line.replace(/ squashfs-root(?=\/|$)/, ' '));
}

/** Unpacks the squashfs at `offset` of `path` to the new directory `target`. */
export async function extractSquashfs(path: string, offset: number, target: string): Promise<void> {
  await runChecked('unsquashfs', [
    '-offset',
    `${offset}`,
    '-no-progress',
    '-no-xattrs',
    '-quiet',
    '-dest',
    target,
    path,
  ]);
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_FS_FILE_TOO_LARGE') throw error;
    throw new ViverError('CPIO_LIMIT', `${path} is larger than ${MAX_INITRD_BYTES} bytes, no initrd is`);
  }
}

function findOurs(bytes: Uint8Array, segments: readonly Segment[]): InitrdFile['ours'] {
  const records = segments.filter(({ compression }) => compression === 'none').flatMap((segment) => segment.records);
  const find = (name: string) => records.find((record) => record.name === name)?.data;
  const [runtime, modules, manifest] = [InitrdPath.runtime, InitrdPath.modules, InitrdPath.manifest].map(find);
  if (!runtime || !modules || !manifest) return undefined;
  const offsetOf = (data: Uint8Array) => data.byteOffset - bytes.byteOffset;
  return {
    runtimeOffset: offsetOf(runtime),
    modulesOffset: offsetOf(modules),
    manifest: Buffer.from(manifest).toString('utf8'),
  };
}
