// `viver-kit rune new`: writes a rune and its test; nothing that is there is overwritten.

import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import type { Stage } from '../../src/runes/contract/rune.ts';
import { NAME_PATTERN } from '../../src/runes/roles/role-names.ts';
import { editorSettings, type NewFile, runeFiles } from './templates.ts';

const KIT = resolve(import.meta.dirname, '../..');

/**
 * Makes NAME.ts, NAME.test.ts and, where there is none yet, the tsconfig.json that editors look for.
 * @returns the paths that were made.
 * @throws ViverError RUNES_BAD_NAME, KIT_RUNE_EXISTS
 */
export async function newRune(name: string, stage: Stage, directory: string): Promise<string[]> {
  if (!NAME_PATTERN.test(name))
    throw new ViverError('RUNES_BAD_NAME', `rune name '${name}' is not lower-case words joined by '-'`);
  await mkdir(directory, { recursive: true });
  const made: string[] = [];
  for (const file of runeFiles(name, stage)) {
    if (!(await makeFile(directory, file)))
      throw new ViverError('KIT_RUNE_EXISTS', `${join(directory, file.name)} is there already`);
    made.push(join(directory, file.name));
  }
  const settings = editorSettings(KIT);
  if (await makeFile(directory, settings)) made.push(join(directory, settings.name));
  return made;
}

/** @returns false when it was there. */
async function makeFile(directory: string, { name, text }: NewFile): Promise<boolean> {
  try {
    await writeFile(join(directory, name), text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
