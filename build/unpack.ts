// An initrd as a directory that a person can change, and back. Ours becomes early/ (the small archive), runtime/ and modules/ (the two
// squashfs files) and manifest.json; a foreign one becomes segment-1/, segment-2/ …, and is only read.

import { lstat, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeManifest } from '../initrd/manifest.ts';
import { withScratch } from '../kit/output-file.ts';
import { ViverError } from '../src/errors.ts';
import { extractRecords } from './cpio/extract.ts';
import type { CpioRecord } from './cpio/read.ts';
import type { CpioEntry } from './cpio/write.ts';
import { EARLY_NODES } from './early.ts';
import { writeInitrd } from './initrd-file.ts';
import { extractSquashfs, type InitrdFile, readInitrd } from './initrd-read.ts';
import { MODULES_BLOCK_BYTES, makeInitrdSquashfs, RUNTIME_BLOCK_BYTES } from './squashfs.ts';

export interface UnpackReport {
  /** False for another Linux's initrd. */
  readonly ours: boolean;
  /** Folders and files made in the target. */
  readonly made: readonly string[];
  /** Device nodes and the like, which a normal user cannot make; pack brings back those that ours has. */
  readonly skipped: readonly string[];
}

/** Unpacks `file` into `target`, which must be empty or missing. */
export async function unpackInitrd(file: string, target: string): Promise<UnpackReport> {
  const initrd = await readInitrd(file);
  const existed = await checkTarget(target);
  try {
    return initrd.ours ? await unpackOurs(initrd, initrd.ours, target) : await unpackForeign(initrd, target);
  } catch (error) {
    // Half a tree would pass for the whole one.
    for (const name of await readdir(target).catch(() => []))
      await rm(join(target, name), { recursive: true, force: true });
    if (!existed) await rm(target, { recursive: true, force: true });
    throw error;
  }
}

/** Puts a directory of unpackInitrd together again. */
export async function packInitrd(
  directory: string,
  output: string,
  level: number,
  onProgress: (step: string, part: number) => void = () => {},
): Promise<{ totalBytes: number; earlyBytes: number }> {
  const manifest = await readManifest(directory);
  const early = [...(await treeEntries(join(directory, 'early'))), ...EARLY_NODES];
  return await withScratch(output, async (scratch, signal) => {
    const squash = async (name: string, blockBytes: number) => {
      const path = join(scratch, name);
      const report = (part: number) => onProgress(`Compressing ${name}`, part);
      await makeInitrdSquashfs(join(directory, name), path, { level, blockBytes }, report, signal);
      report(1);
      return path;
    };
    const modules = await squash('modules', MODULES_BLOCK_BYTES);
    const runtime = await squash('runtime', RUNTIME_BLOCK_BYTES);
    return await writeInitrd(output, { runtime, modules, manifest, early });
  });
}

/** Files of a directory as entries for an archive; what is neither file, folder nor link is refused. */
export async function treeEntries(root: string, below = ''): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const facts = await lstat(join(root, path));
    const mode = facts.mode & 0o7777;
    if (facts.isDirectory()) entries.push({ kind: 'directory', path, mode }, ...(await treeEntries(root, path)));
    else if (facts.isSymbolicLink()) entries.push({ kind: 'symlink', path, target: await readlink(join(root, path)) });
    else if (facts.isFile()) entries.push({ kind: 'file', path, mode, content: await readFile(join(root, path)) });
    else throw new ViverError('INITRD_BAD_TREE', `${join(root, path)} is neither file, directory nor symbolic link`);
  }
  return entries.filter(({ path }) => !EARLY_NODES.some((node) => node.path === path));
}

async function unpackOurs(
  initrd: InitrdFile,
  ours: NonNullable<InitrdFile['ours']>,
  target: string,
): Promise<UnpackReport> {
  const small = initrd.segments.filter(({ compression }) => compression !== 'none');
  await mkdir(join(target, 'early'), { recursive: true });
  const skipped: CpioRecord[] = [];
  for (const { records } of small) skipped.push(...(await extractRecords(records, join(target, 'early'))));
  await extractSquashfs(initrd.path, ours.runtimeOffset, join(target, 'runtime'));
  await extractSquashfs(initrd.path, ours.modulesOffset, join(target, 'modules'));
  await writeFile(join(target, 'manifest.json'), ours.manifest);
  const made = ['early', 'runtime', 'modules', 'manifest.json'];
  return { ours: true, made, skipped: skipped.map(({ name }) => name) };
}

async function unpackForeign(initrd: InitrdFile, target: string): Promise<UnpackReport> {
  const made: string[] = [];
  const skipped: string[] = [];
  for (const [index, { records }] of initrd.segments.entries()) {
    const name = `segment-${index + 1}`;
    await mkdir(join(target, name), { recursive: true });
    skipped.push(...(await extractRecords(records, join(target, name))).map((record) => `${name}/${record.name}`));
    made.push(name);
  }
  return { ours: false, made, skipped };
}

/** @returns whether the target was there. */
async function checkTarget(target: string): Promise<boolean> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (names && names.length > 0) throw new ViverError('INITRD_TARGET_NOT_EMPTY', `${target} is not empty`);
  await mkdir(target, { recursive: true });
  return names !== undefined;
}

async function readManifest(directory: string): Promise<string> {
  for (const part of ['early/init', 'runtime/bin/node', 'modules/tables.json', 'manifest.json']) {
    if (await stat(join(directory, part)).catch(() => undefined)) continue;
    throw new ViverError('INITRD_BAD_TREE', `${directory} is no unpacked initrd of ours: ${part} is missing`);
  }
  const text = await readFile(join(directory, 'manifest.json'), 'utf8');
  decodeManifest(text);
  return text;
}
