// RootFiles over a directory that nobody serves through us: the desk (`viver runes run --root DIR`) and the tests. Links are resolved as the system
// in that directory would see them: an absolute target starts at the directory, and `..` stops there.

import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import type { RootFiles } from '../contract/root-files.ts';
import type { LowerFiles } from './memory-files.ts';
import { directoryOf } from './root-path.ts';
import { walkLinks } from './walk-links.ts';

/** Files below `root`. */
export function createDirectoryFiles(root: string): RootFiles {
  const target = (path: string) => linkTarget(root + path);
  const behind = async (path: string) => root + (await walkLinks(path, true, target));
  const itself = async (path: string) => root + (await walkLinks(path, false, target));
  return {
    readText: async (path) => unlessMissing(readFile(await behind(path), 'utf8'), undefined),
    exists: async (path) => (await unlessMissing(lstat(await itself(path)), undefined)) !== undefined,
    list: async (path) => (await unlessMissing(readdir(await behind(path)), [])).sort(),
    remove: async (path) => rm(await itself(path), { force: true }),
    writeText: async (path, text, mode = 0o644) => {
      const file = await itself(path);
      await mkdir(directoryOf(file), { recursive: true });
      await writeFile(`${file}.viver-new`, text);
      const before = await unlessMissing(lstat(file), undefined);
      if (before?.isFile()) await chown(`${file}.viver-new`, before.uid, before.gid);
      await chmod(`${file}.viver-new`, mode);
      await rename(`${file}.viver-new`, file);
    },
    symlink: async (target, path) => {
      const file = await itself(path);
      await mkdir(directoryOf(file), { recursive: true });
      await rm(file, { force: true });
      await symlink(target, file);
    },
  };
}

async function linkTarget(file: string): Promise<string | undefined> {
  const info = await unlessMissing(lstat(file), undefined);
  return info?.isSymbolicLink() ? readlink(file) : undefined;
}

async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return otherwise;
    throw error;
  }
}

/** The same directory as the unchanged layer below files in memory. */
export function createDirectoryLayer(root: string): LowerFiles {
  return {
    names: (path) => unlessMissing(readdir(root + path), []),
    text: (path) => readFile(root + path, 'utf8'),
    look: async (path) => {
      const info = await unlessMissing(lstat(root + path), undefined);
      if (info?.isDirectory()) return { kind: 'directory' };
      if (info?.isSymbolicLink()) return { kind: 'link', target: await readlink(root + path) };
      return info?.isFile() ? { kind: 'file', mode: info.mode & 0o7777 } : undefined;
    },
  };
}
