// Finds the shared libraries that a program needs on the machine that builds, as ld.so(8) would: DT_NEEDED, level by level, in the
// run path and the system's folders. Each is kept under the folder where it was found, so that the same loader finds it again.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import { dynamicNames, type ElfFile, interpreter, isElf, parseElf } from './elf.ts';

/** Debian's, then Fedora's and SUSE's, then everybody's. */
const SYSTEM_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
  '/usr/local/lib',
];

/**
 * Absolute paths of the loader and all libraries of `program`, sorted.
 * @throws ViverError INITRD_NO_LIBRARY when one is not on this machine.
 */
export async function sharedLibraries(program: string): Promise<string[]> {
  const elf = parseElf(await readFile(program));
  const found = new Map<string, string>();
  await collect(elf, dirname(program), found);
  const loader = interpreter(elf);
  const paths = new Set(found.values());
  if (loader !== undefined) {
    // The loader is also a library of its own name; one file under the path that the program names is enough.
    const twin = found.get(loader.slice(loader.lastIndexOf('/') + 1));
    if (twin !== undefined) paths.delete(twin);
    paths.add(loader);
  }
  return [...paths].sort();
}

async function collect(elf: ElfFile, folder: string, found: Map<string, string>): Promise<void> {
  const { needed, runPath } = dynamicNames(elf);
  const folders = [...runPath.map((path) => path.replace(/\$\{?ORIGIN\}?/, folder)), ...SYSTEM_FOLDERS];
  for (const name of needed) {
    if (found.has(name)) continue;
    const library = await findLibrary(name, folders, elf.machine);
    found.set(name, library.path);
    await collect(library.elf, dirname(library.path), found);
  }
}

async function findLibrary(name: string, folders: readonly string[], machine: number) {
  for (const folder of folders) {
    const path = join(folder, name);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes || !isElf(bytes)) continue;
    const elf = parseElf(bytes);
    if (elf.machine === machine) return { path, elf };
  }
  throw new ViverError('INITRD_NO_LIBRARY', `the library ${name}, which Node needs, is not on this machine`);
}
