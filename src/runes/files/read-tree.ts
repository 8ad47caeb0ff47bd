// All files below a folder of a medium, small ones: what one machine hands on to others. Never a folder of a root that we serve.

import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { ViverError } from '../../errors.ts';

/** Runes, tables and scripts are texts; more than this is something else, and each PC would fetch it at its start. */
export const MAX_TREE_BYTES = 4 * 1024 * 1024;
export const MAX_TREE_FILES = 1000;

export interface TreeFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The files below `folder`, by path; hidden ones are left out. Empty when there is no such folder.
 * @throws ViverError RUNES_TREE_TOO_LARGE
 */
export async function readTree(folder: string): Promise<TreeFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nothingThere);
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ parentPath, name }) => `${parentPath}/${name}`)
    .sort();
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (paths.length > MAX_TREE_FILES || bytes > MAX_TREE_BYTES) {
    const limit = `more than ${MAX_TREE_FILES} files or ${MAX_TREE_BYTES} bytes`;
    throw new ViverError('RUNES_TREE_TOO_LARGE', `${folder}: ${paths.length} files, ${bytes} bytes: ${limit}`);
  }
  return Promise.all(paths.map(async (path) => ({ path: relative(folder, path), content: await readFile(path) })));
}

function nothingThere(error: NodeJS.ErrnoException): Dirent[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}
