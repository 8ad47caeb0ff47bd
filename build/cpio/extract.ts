// Writes the records of an archive as files, as a normal user may: device nodes are passed over (and returned), owners are the caller's.
// Nothing is written outside of the target: `..` and absolute names are refused, and so is a way through a symbolic link.

import { chmod, link, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import { FileType } from '../../src/wire/newc.ts';
import { type CpioRecord, safePath } from './read.ts';

/** Unpacks to `target`, which must exist. @returns records that need root to exist as files: devices, fifos, sockets. */
export async function extractRecords(records: readonly CpioRecord[], target: string): Promise<CpioRecord[]> {
  const links = new HardLinks(records);
  const skipped: CpioRecord[] = [];
  const folders: [string, number][] = [];
  for (const record of records) {
    const path = placeOf(record, target);
    if (path === target) continue;
    const type = record.mode & FileType.mask;
    await checkWay(path, target);
    if (type === FileType.directory) folders.push([await makeFolder(path), record.mode & 0o7777]);
    else if (type === FileType.symlink) await replace(path, () => symlink(textOf(record), path));
    else if (type === FileType.file) await replace(path, () => links.write(record, path));
    else skipped.push(record);
  }
  // Last, so that a folder without the right to write can be filled; the owner may always come back to it.
  for (const [path, mode] of folders.reverse()) await chmod(path, mode | 0o700);
  return skipped;
}

/** newc gives hard links the same inode and puts the bytes at one of them, mostly the last. */
class HardLinks {
  readonly #content = new Map<string, Uint8Array>();
  readonly #written = new Map<string, string>();

  constructor(records: readonly CpioRecord[]) {
    for (const record of records) {
      const key = linkKey(record);
      if (key !== undefined && record.data.length > 0) this.#content.set(key, record.data);
    }
  }

  async write(record: CpioRecord, path: string): Promise<void> {
    const key = linkKey(record);
    const first = key === undefined ? undefined : this.#written.get(key);
    if (first !== undefined) return await link(first, path);
    if (key !== undefined) this.#written.set(key, path);
    await writeFile(path, (key !== undefined && this.#content.get(key)) || record.data, { flag: 'wx' });
    await chmod(path, record.mode & 0o7777);
  }
}

function linkKey(record: CpioRecord): string | undefined {
  if (record.linkCount < 2 || (record.mode & FileType.mask) !== FileType.file) return undefined;
  return `${record.deviceMajor}:${record.deviceMinor}:${record.inode}`;
}

function placeOf(record: CpioRecord, target: string): string {
  const path = safePath(record.name);
  if (path !== undefined) return path === '' ? target : join(target, path);
  throw new ViverError('CPIO_ESCAPE', `the archive has a file outside of itself: ${JSON.stringify(record.name)}`);
}

/** Every folder on the way must be a real one; missing ones are made. */
async function checkWay(path: string, target: string): Promise<void> {
  const parent = dirname(path);
  if (parent === target) return;
  const facts = await lstat(parent).catch(() => undefined);
  if (facts?.isDirectory()) return await checkWay(parent, target);
  if (facts) throw new ViverError('CPIO_ESCAPE', `the archive leads through ${parent}, which is no directory`);
  await checkWay(parent, target);
  await mkdir(parent);
}

async function makeFolder(path: string): Promise<string> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts && !facts.isDirectory()) await rm(path);
  if (!facts?.isDirectory()) await mkdir(path, { mode: 0o700 });
  return path;
}

/** A later record of the same name wins, as in the kernel. */
async function replace(path: string, write: () => Promise<void>): Promise<void> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts?.isDirectory()) throw new ViverError('CPIO_ESCAPE', `the archive has ${path} as a directory and as a file`);
  if (facts) await rm(path);
  await write();
}

function textOf(record: CpioRecord): string {
  return Buffer.from(record.data).toString('utf8');
}
