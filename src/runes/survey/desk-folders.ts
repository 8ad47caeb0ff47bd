// /etc/RUNES of an image tree and RUNES of a medium, read on an administrator's desk. Paths in messages are those of the desk, so that an editor opens them.

import { stat } from 'node:fs/promises';
import { ViverError } from '../../errors.ts';
import { createDirectoryFiles } from '../files/directory-files.ts';
import type { RuneFile } from '../host/options.ts';
import { RUNES_ON_MEDIUM, type RuneFolder, readRuneFolder } from '../roles/rune-folder.ts';

const IMAGE = 'image';

export interface DeskPlaces {
  /** Tree of the image: the folder that has /etc in it. */
  readonly root?: string;
  /** Where the stick's FAT partition is mounted: the folder that has RUNES in it. */
  readonly medium?: string;
}

/**
 * The folders in the order in which they are laid over each other.
 * @throws ViverError RUNES_NO_DIRECTORY
 */
export async function readDeskFolders({ root, medium }: DeskPlaces): Promise<RuneFolder[]> {
  const folders: RuneFolder[] = [];
  if (root !== undefined) folders.push(await readDeskFolder(root, '/etc/RUNES'));
  if (medium !== undefined) folders.push(await readDeskFolder(medium, RUNES_ON_MEDIUM));
  return folders;
}

async function readDeskFolder(place: string, folder: string): Promise<RuneFolder> {
  await assertDirectory(place);
  const { runes, hooks: _, ...texts } = await readRuneFolder(createDirectoryFiles(place), IMAGE, folder);
  const base = place.replace(/\/+$/, '');
  const onDesk = ({ path, text }: RuneFile): RuneFile => ({ path: base + path.slice(IMAGE.length + 1), text });
  const found = Object.entries(texts).map(([name, file]) => [name, onDesk(file)]);
  return { ...Object.fromEntries(found), runes: runes.map(onDesk) };
}

/** @throws ViverError RUNES_NO_DIRECTORY */
export async function assertDirectory(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isDirectory()) throw new ViverError('RUNES_NO_DIRECTORY', `there is no directory ${path}`);
}
