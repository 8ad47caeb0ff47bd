// viver-kit hardware: what hardware detection in the initrd would answer, on the desk.

import { readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { errorLine, ViverError } from '../src/errors.ts';
import {
  type HardwareNames,
  idsOfModalias,
  type NameList,
  namesOf,
  parseNameList,
} from '../src/hwdetect/hardware-names.ts';
import {
  buildModuleTables,
  MODULE_TABLE_FILES,
  type ModuleTables,
  type ModuleTableTexts,
} from '../src/hwdetect/module-tables.ts';
import { resolve } from '../src/hwdetect/resolve.ts';
import { type Device, scanDevices } from '../src/hwdetect/sysfs-scan.ts';
import { LinuxSys } from '../src/sys/linux.ts';

/** The `hardware` sub-command of viver-kit. */
export function hardwareCommand(): Command {
  const command = new Command('hardware').description('Ask the tables of a kernel, or this machine, about hardware');
  command
    .command('resolve')
    .description('read modaliases from standard input; print each, a tab, and the modules that modprobe -R would name')
    .requiredOption('--modules <dir>', 'a folder of modules, or a root with one kernel in lib/modules')
    .action(async (options: { modules: string }) => resolveStandardInput(options.modules));
  command
    .command('list')
    .description('list the devices of a machine, what they are, their drivers and the modules they want')
    .option('--sys <dir>', 'where sysfs is', '/sys')
    .option('--modules <dir>', 'a folder of modules (default: those of the running kernel)')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => listDevices(options));
  return command;
}

/** Reads the tables beside a kernel's modules. `directory` holds modules.dep or modules.alias, or lib/modules/RELEASE does below it. */
export async function readModuleTables(directory: string): Promise<ModuleTables> {
  const folder = await findModuleFolder(directory);
  const texts: Record<string, string> = {};
  await Promise.all(
    MODULE_TABLE_FILES.map(async (name) => {
      const text = await readIfThere(join(folder, name));
      if (text !== undefined) texts[name] = text;
    }),
  );
  return buildModuleTables({ files: texts as ModuleTableTexts, symbols: true });
}

/** Bytes stay bytes: kmod knows no encoding, so neither does this. A line may end with CR LF. */
async function resolveStandardInput(directory: string): Promise<void> {
  const tables = await readModuleTables(directory);
  const lines = (await readAll(process.stdin)).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const answers = lines.map((line) => {
    const alias = line.endsWith('\r') ? line.slice(0, -1) : line;
    return `${alias}\t${resolve(tables, alias).join(' ')}\n`;
  });
  await new Promise((done) => process.stdout.write(Buffer.from(answers.join(''), 'latin1'), done));
}

interface ListOptions {
  readonly sys: string;
  readonly modules?: string;
  readonly json?: boolean;
}

async function listDevices(options: ListOptions): Promise<void> {
  const tables = options.modules === undefined ? await runningTables() : await readModuleTables(options.modules);
  const lists = { pci: await readNames('pci.ids'), usb: await readNames('usb.ids') };
  const { devices, oddFiles } = await scanDevices(new LinuxSys(), options.sys, { drivers: true });
  const rows = devices.map((device) => {
    const ids = idsOfModalias(device.modalias);
    const names = ids === undefined ? {} : namesOf(lists[ids.bus], ids);
    return { ...device, names, modules: [...new Set(resolve(tables, device.modalias))] };
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ devices: rows, oddFiles }, undefined, 2)}\n`);
  else process.stdout.write(rows.map(describeRow).join(''));
  for (const odd of oddFiles) process.stderr.write(`${odd.path}: ${odd.reason}\n`);
}

/** A container may lack the modules of the kernel it runs on; its devices can be listed all the same. */
async function runningTables(): Promise<ModuleTables> {
  return readModuleTables(`/lib/modules/${release()}`).catch((error: unknown) => {
    process.stderr.write(`${errorLine(error)}: no modules are named\n`);
    return buildModuleTables({ files: {} });
  });
}

function describeRow(row: Device & { names: HardwareNames; modules: readonly string[] }): string {
  const { kind, vendor, device } = row.names;
  const what = [kind, [vendor, device].filter(Boolean).join(' ')].filter(Boolean).join(': ');
  const details = [
    `  modalias  ${row.modalias}\n`,
    row.driver === undefined ? '' : `  driver    ${row.driver}\n`,
    row.modules.length === 0 ? '' : `  modules   ${row.modules.join(' ')}\n`,
  ];
  return `${row.id}${what === '' ? '' : `  ${what}`}\n${details.join('')}`;
}

/** Debian's lists (packages pci.ids, usb.ids); without them devices only have their numbers. */
async function readNames(file: string): Promise<NameList> {
  for (const folder of ['/usr/share/misc', '/usr/share/hwdata', '/var/lib/usbutils']) {
    const text = await readIfThere(join(folder, file), 'utf8');
    if (text !== undefined) return parseNameList(text);
  }
  return new Map();
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function findModuleFolder(directory: string): Promise<string> {
  if (await isModuleFolder(directory)) return directory;
  for (const below of ['lib/modules', 'usr/lib/modules']) {
    const all = (await readdir(join(directory, below)).catch((): string[] => [])).map((name) =>
      join(directory, below, name),
    );
    const folders: string[] = [];
    for (const folder of all) if (await isModuleFolder(folder)) folders.push(folder);
    if (folders.length > 1) {
      throw new ViverError('HWDETECT_MODULES_AMBIGUOUS', `several kernels; name one of them: ${folders.join(', ')}`);
    }
    if (folders.length === 1) return folders[0]!;
  }
  throw new ViverError('HWDETECT_NO_MODULES', `${directory} has neither modules.dep nor lib/modules/RELEASE`);
}

async function isModuleFolder(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  return names.includes('modules.dep') || names.includes('modules.alias');
}

async function readIfThere(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): Promise<string | undefined> {
  try {
    return await readFile(path, encoding);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
