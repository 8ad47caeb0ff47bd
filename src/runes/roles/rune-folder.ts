// /etc/RUNES as text: `roles` and `runes/*.{ts,js}`, of the image or the medium. Read once by the host process and handed to the rune host as
// plain data, so that no thread of ours ever opens files of a root that we serve.

import type { RootFiles } from '../contract/root-files.ts';
import { type FoundHooks, readHooks } from '../hooks/hook-files.ts';
import type { RuneFile } from '../host/options.ts';

/** Folder of a boot medium that takes the place of /etc/RUNES there: FAT has no better one. */
export const RUNES_ON_MEDIUM = '/RUNES';

export interface RuneFolder {
  readonly hooks?: FoundHooks;
  readonly roles?: RuneFile;
  readonly runes: readonly RuneFile[];
}

/** `/etc/RUNES/runes/printers.ts` -> `printers`; undefined when it is no rune file. */
export function runeNameOf(path: string): string | undefined {
  return /([^/]+)\.(?:ts|js|mjs|mts)$/.exec(path)?.[1];
}

/** A test that its author left beside the rune is no rune; editors' types (.d.ts) are none either. */
function isRuneFile(name: string): boolean {
  return /\.(?:ts|js|mts|mjs)$/.test(name) && !/\.(?:test|d)\.\w+$/.test(name);
}

/**
 * Reads a RUNES folder; empty when there is none.
 * @param origin For messages: `image` or `medium`.
 */
export async function readRuneFolder(files: RootFiles, origin: string, directory = '/etc/RUNES'): Promise<RuneFolder> {
  const [rolesText, names, hooks] = await Promise.all([
    files.readText(`${directory}/roles`),
    files.list(`${directory}/runes`),
    readHooks(files, origin, directory),
  ]);
  const paths = names.filter(isRuneFile).map((name) => `${directory}/runes/${name}`);
  const read = async (path: string): Promise<RuneFile> => ({
    path: `${origin}:${path}`,
    text: (await files.readText(path)) ?? '',
  });
  const runes = await Promise.all(paths.map(read));
  return {
    ...(rolesText === undefined ? {} : { roles: { path: `${origin}:${directory}/roles`, text: rolesText } }),
    runes,
    ...(hooks.hooks.length + hooks.faults.length > 0 ? { hooks } : {}),
  };
}
