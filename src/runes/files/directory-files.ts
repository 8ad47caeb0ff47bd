// RootFiles over a directory that nobody serves through us: the desk (`viver runes run --root DIR`) and the tests. Links are resolved as the system
// in that directory would see them: an absolute target starts at the directory, and `..` stops there.

import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { ViverError } from '../../errors.ts';
import type { RootFiles } from '../contract/root-files.ts';
import { assertRootPath, directoryOf } from './root-path.ts';

/** As the kernel's own limit (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** Files below `root`. */
export function createDirectoryFiles(root: string): RootFiles {
  const behind = async (path: string) => root + (await resolveInRoot(root, path, true));
  const itself = async (path: string) => root + (await resolveInRoot(root, path, false));
  return {
    readText: async (path) => unlessMissing(readFile(await behind(path), 'utf8'), undefined),
    exists: async (path) => (await unlessMissing(lstat(await itself(path)), undefined)) !== undefined,
    list: async (path) => (await unlessMissing(readdir(await behind(path)), [])).sort(),
    remove: async (path) => rm(await itself(path), { force: true }),
    writeText: async (path, text, mode = 0o644) => {
      const file = await itself(path);
      await mkdir(directoryOf(file), { recursive: true });
      await writeFile(`${file}.viver-new`, text);
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

/** The path inside `root` behind all links; the last part is followed only when `followLast`. */
async function resolveInRoot(root: string, path: string, followLast: boolean): Promise<string> {
  assertRootPath(path);
  const todo = path.split('/').filter(Boolean);
  let done: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const part = todo.shift() ?? '';
    if (part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = todo.length > 0 || followLast ? await linkTarget(`${root}/${[...done, part].join('/')}`) : undefined;
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new ViverError('RUNES_BAD_PATH', `${path}: more than ${MAX_LINKS} links`);
    if (target.startsWith('/')) done = [];
    todo.unshift(...target.split('/').filter(Boolean));
  }
  return `/${done.join('/')}`;
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
