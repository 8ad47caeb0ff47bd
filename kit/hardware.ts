// viver-kit hardware: what hardware detection in the initrd would answer, on the desk.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { ViverError } from '../src/errors.ts';
import {
  buildModuleTables,
  MODULE_TABLE_FILES,
  type ModuleTables,
  type ModuleTableTexts,
} from '../src/hwdetect/module-tables.ts';
import { resolve } from '../src/hwdetect/resolve.ts';

/** The `hardware` sub-command of viver-kit. */
export function hardwareCommand(): Command {
  const command = new Command('hardware').description('Ask the tables of a kernel, or this machine, about hardware');
  command
    .command('resolve')
    .description('read modaliases from standard input; print each, a tab, and the modules that modprobe -R would name')
    .requiredOption('--modules <dir>', 'a folder of modules, or a root with one kernel in lib/modules')
    .action(async (options: { modules: string }) => resolveStandardInput(options.modules));
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

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function findModuleFolder(directory: string): Promise<string> {
  const names = await readdir(directory);
  if (names.some((name) => name === 'modules.dep' || name === 'modules.alias')) return directory;
  for (const below of ['lib/modules', 'usr/lib/modules']) {
    const releases = await readdir(join(directory, below)).catch(() => []);
    if (releases.length === 1) return join(directory, below, releases[0]!);
    if (releases.length > 1) {
      throw new ViverError(
        'HWDETECT_MODULES_AMBIGUOUS',
        `${join(directory, below)} has several kernels (${releases.join(', ')}); name one of them`,
      );
    }
  }
  throw new ViverError('HWDETECT_NO_MODULES', `${directory} has neither modules.dep nor lib/modules/RELEASE`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
