// Lays out what becomes modules.squashfs: kernel/… with the chosen modules uncompressed, tables.json for hardware detection,
// firmware/ with the files that these modules ask for by name, and depmod's tables of the chosen modules for busybox's modprobe,
// which the kernel calls (request_module) and a person in the rescue shell.

import { copyFile, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import { parseDependencies } from '../../src/hwdetect/dependencies.ts';
import {
  buildModuleTables,
  encodeModuleTables,
  type ModuleTableTexts,
  uncompressedModulePath,
} from '../../src/hwdetect/module-tables.ts';
import { setModes } from '../tree-modes.ts';
import { readModule } from './files.ts';
import { moduleInfo } from './modinfo.ts';
import { tablesForModprobe } from './modprobe-tables.ts';
import type { ModuleSelection } from './select.ts';

/** xz runs as a child per module: some of them side by side. */
const PARALLEL = 4;

export interface StagedModules {
  readonly moduleBytes: number;
  readonly firmware: readonly string[];
  readonly firmwareMissing: number;
  /** The shim's modules, in load order, by file name. */
  readonly shim: readonly { readonly name: string; readonly bytes: Buffer }[];
}

/** Fills the directory `root`, which must be new. `release` must be the kernel that the modules say they are of. */
export async function stageModules(
  root: string,
  source: { readonly directory: string; readonly firmwareDirectory?: string; readonly release: string },
  files: ModuleTableTexts,
  selection: ModuleSelection,
): Promise<StagedModules> {
  const table = parseDependencies(files['modules.dep'] ?? '');
  const firmware = new Set<string>();
  const shim = new Map<string, Buffer>();
  let moduleBytes = 0;
  await eachInParallel(selection.names, async (name) => {
    const stored = table.get(name)!.path;
    const bytes = await readModule(join(source.directory, stored));
    checkRelease(name, bytes, source.release);
    await writeInto(root, uncompressedModulePath(stored), bytes);
    for (const file of moduleInfo(bytes, 'firmware')) firmware.add(file);
    if (selection.shim.includes(name)) shim.set(name, bytes);
    moduleBytes += bytes.length;
  });
  const tables = buildModuleTables({ files, include: new Set(selection.names) });
  await writeInto(root, 'tables.json', Buffer.from(encodeModuleTables(tables)));
  for (const [name, text] of Object.entries(tablesForModprobe(files, new Set(selection.names)))) {
    await writeInto(root, name, Buffer.from(text, 'latin1'));
  }
  await symlink('.', join(root, source.release)); // so that /lib/modules may be a link to where this is mounted
  const copied = source.firmwareDirectory
    ? await copyFirmware(source.firmwareDirectory, root, [...firmware].sort())
    : [];
  await mkdir(join(root, 'firmware'), { recursive: true });
  await setModes(root);
  return {
    moduleBytes,
    firmware: copied,
    firmwareMissing: firmware.size - copied.length,
    shim: selection.shim.map((name) => ({ name: `${name}.ko`, bytes: shim.get(name)! })),
  };
}

/** vermagic begins with the release of the kernel that the module was built for; any other kernel refuses it. */
function checkRelease(name: string, bytes: Uint8Array, release: string): void {
  const built = moduleInfo(bytes, 'vermagic')[0]?.split(' ', 1)[0];
  if (built === undefined || built === release) return;
  throw new ViverError('INITRD_WRONG_KERNEL', `the module ${name} is of kernel ${built}, not of ${release}`);
}

/** Only what is there: most firmware is not installed on most machines. A compressed file keeps its name, the kernel reads it. */
async function copyFirmware(directory: string, root: string, names: readonly string[]): Promise<string[]> {
  const copied: string[] = [];
  for (const name of names) {
    for (const suffix of ['', '.xz', '.zst']) {
      const path = await realpath(join(directory, name + suffix)).catch(() => undefined);
      if (path === undefined || name.split('/').includes('..')) continue;
      const output = join(root, 'firmware', name + suffix);
      await mkdir(dirname(output), { recursive: true });
      await copyFile(path, output);
      copied.push(name);
      break;
    }
  }
  return copied;
}

async function writeInto(root: string, path: string, bytes: Uint8Array): Promise<void> {
  const output = join(root, path);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, bytes);
}

async function eachInParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
}
