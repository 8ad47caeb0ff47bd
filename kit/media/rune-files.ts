// An administrator's RUNES folder on its way to the boot partition.

import { join } from 'node:path';
import { readTree } from '../../src/runes/files/read-tree.ts';
import { RUNES_ON_MEDIUM } from '../../src/runes/roles/rune-folder.ts';
import { assertDirectory } from '../../src/runes/survey/desk-folders.ts';
import type { BootFile } from './boot-partition.ts';

/**
 * The files of the folder, at their places on the partition.
 * @throws ViverError RUNES_NO_DIRECTORY, RUNES_TREE_TOO_LARGE
 */
export async function runeFiles(folder: string): Promise<BootFile[]> {
  await assertDirectory(folder);
  const files = await readTree(folder);
  return files.map(({ path }) => ({ path: join(RUNES_ON_MEDIUM.slice(1), path), source: join(folder, path) }));
}
