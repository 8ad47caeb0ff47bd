// /etc/RUNES as text: `roles`, `machines`, `settings`, `users` and `runes/*.{ts,js}`, of the image or the medium. Read once by the host process and handed to the rune host as
// plain data, so that no thread of ours ever opens files of a root that we serve.

import type { RootFiles } from '../contract/root-files.ts';
import { type FoundHooks, readHooks } from '../hooks/hook-files.ts';
import type { RuneFile } from '../host/options.ts';

/** Folder of a boot medium that takes the place of /etc/RUNES there: FAT has no better one. */
export const RUNES_ON_MEDIUM = '/RUNES';

/**
 * The files beside the runes: role table (parse-roles.ts), known machines (../machines), settings of runes (../settings), accounts (../users).
 */
export const RUNE_TEXTS = ['roles', 'machines', 'settings', 'users'] as const;

export interface RuneFolder extends Readonly<Partial<Record<(typeof RUNE_TEXTS)[number], RuneFile>>> {
  readonly hooks?: FoundHooks;
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
  const read = async (path: string): Promise<RuneFile | undefined> => {
    const text = await files.readText(path);
    return text === undefined ? undefined : { path: `${origin}:${path}`, text };
  };
  const [names, hooks, ...texts] = await Promise.all([
    files.list(`${directory}/runes`),
    readHooks(files, origin, directory),
    ...RUNE_TEXTS.map(async (name) => [name, await read(`${directory}/${name}`)] as const),
  ]);
  const paths = names.filter(isRuneFile).map((name) => `${directory}/runes/${name}`);
  const runes = (await Promise.all(paths.map(read))).filter((file) => file !== undefined);
  return {
    ...Object.fromEntries(texts.filter(([, file]) => file !== undefined)),
    runes,
    ...(hooks.hooks.length + hooks.faults.length > 0 ? { hooks } : {}),
  };
}
