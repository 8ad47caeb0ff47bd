// `viver-kit initrd`: build, list, unpack, pack.

import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Segment } from '../build/cpio/segments.ts';
import { buildInitrd, DEFAULT_LEVEL, type InitrdReport } from '../build/initrd.ts';
import { formatRecord, type InitrdFile, listSquashfs, readInitrd } from '../build/initrd-read.ts';
import { packInitrd, unpackInitrd } from '../build/unpack.ts';
import { ViverError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { formatSize, type Progress, startProgress } from './progress-bar.ts';

/** The sub-command for kit/main.ts. */
export function initrdCommand(): Command {
  const command = new Command('initrd').description('the initrd with Node inside');
  addBuild(command);
  addList(command);
  addUnpack(command);
  addPack(command);
  return command;
}

interface BuildFlags {
  readonly modules?: string;
  readonly root?: string;
  readonly release?: string;
  readonly firmware?: string;
  readonly output: string;
  readonly slimIcu: boolean;
  readonly compressionLevel: number;
}

function addBuild(command: Command): void {
  command
    .command('build')
    .description('make the initrd for a kernel')
    .option('--modules <dir>', "the kernel's modules: /lib/modules/RELEASE")
    .option('--root <dir>', 'root of a Linux tree to take kernel modules and firmware from')
    .option('--release <release>', 'kernel of that tree (default: the only one)')
    .option('--firmware <dir>', 'where firmware files are (default: lib/firmware of the same tree)')
    .requiredOption('--output <file>', 'initrd to write')
    .option('--slim-icu', "leave out what nobody needs of Node's language data (default)", true)
    .option('--no-slim-icu', "keep all of Node's language data")
    .option('--compression-level <n>', 'zstd level, 1 (quick) to 22 (small)', parseLevel, DEFAULT_LEVEL)
    .action(async (flags: BuildFlags) => void process.stdout.write(formatReport(await build(flags))));
}

function addList(command: Command): void {
  command
    .command('list')
    .description('show what an initrd holds; any Linux will do')
    .argument('<file>', 'initrd')
    .action(async (file: string) => {
      process.stdout.on('error', () => process.exit()); // `| head` has seen enough
      const initrd = await readInitrd(file);
      process.stdout.write(`${file}: ${formatSize(initrd.sizeBytes)}, ${count(initrd.segments.length, 'archive')}\n`);
      for (const [index, segment] of initrd.segments.entries()) process.stdout.write(formatSegment(segment, index + 1));
      if (!initrd.ours) return;
      await listInside(initrd, 'runtime', initrd.ours.runtimeOffset);
      await listInside(initrd, 'modules', initrd.ours.modulesOffset);
    });
}

async function listInside(initrd: InitrdFile, name: string, offset: number): Promise<void> {
  const lines = await listSquashfs(initrd.path, offset);
  process.stdout.write(
    `\nviver/${name}.squashfs: at byte ${offset}, ${count(lines.length, 'file')}\n${lines.join('\n')}\n`,
  );
}

function formatSegment(segment: Segment, number: number): string {
  const { compression, offset, storedBytes, records } = segment;
  const how = compression === 'none' ? 'not compressed' : compression;
  const head = `\narchive ${number}: at byte ${offset}, ${formatSize(storedBytes)}, ${how}, ${count(records.length, 'file')}\n`;
  return head + records.map((record) => `${formatRecord(record)}\n`).join('');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function addUnpack(command: Command): void {
  command
    .command('unpack')
    .description('unpack an initrd into a directory; any Linux will do')
    .argument('<file>', 'initrd')
    .argument('<dir>', 'new or empty directory')
    .action(async (file: string, directory: string) => {
      const { made, skipped, ours } = await unpackInitrd(file, directory);
      for (const name of made) process.stdout.write(`${join(directory, name)}\n`);
      const back = ours ? '; pack puts it back' : '';
      if (skipped.length > 0) process.stderr.write(`not made as a file: ${skipped.join(', ')}${back}\n`);
    });
}

function addPack(command: Command): void {
  command
    .command('pack')
    .description('make an initrd of a directory that unpack made')
    .argument('<dir>', 'directory with early/, runtime/, modules/ and manifest.json')
    .argument('<file>', 'initrd to write')
    .option('--compression-level <n>', 'zstd level, 1 (quick) to 22 (small)', parseLevel, DEFAULT_LEVEL)
    .action(async (directory: string, file: string, flags: { compressionLevel: number }) => {
      const steps = new Map<string, Progress>();
      const onProgress = (step: string, part: number) => showStep(steps, step, part);
      const { totalBytes } = await packInitrd(directory, file, flags.compressionLevel, onProgress);
      process.stdout.write(`${file}: ${formatSize(totalBytes)}\n`);
    });
}

async function build(flags: BuildFlags): Promise<InitrdReport> {
  const modulesDirectory = await findModules(flags);
  const steps = new Map<string, Progress>();
  return await buildInitrd({
    modulesDirectory,
    release: basename(modulesDirectory),
    firmwareDirectory: flags.firmware ?? join(dirname(dirname(modulesDirectory)), 'firmware'),
    output: flags.output,
    slimIcu: flags.slimIcu,
    compression: { level: flags.compressionLevel },
    log: createLog((level, _area, message) => process.stderr.write(`${level}: ${message}\n`)),
    onProgress: (step, part) => showStep(steps, step, part),
  });
}

/** `--modules`, or what `--root` and `--release` come down to. */
async function findModules(flags: BuildFlags): Promise<string> {
  if (flags.modules !== undefined) return resolve(flags.modules);
  if (flags.root === undefined) throw new ViverError('INITRD_NO_MODULES', 'say --modules DIR, or --root DIR');
  const folder = join(resolve(flags.root), 'lib/modules');
  if (flags.release !== undefined) return join(folder, flags.release);
  const releases = await readdir(folder).catch(() => []);
  if (releases.length === 1) return join(folder, releases[0]!);
  const found = releases.length === 0 ? 'no kernel modules there' : `several kernels there (${releases.join(', ')})`;
  throw new ViverError('INITRD_NO_MODULES', `${folder}: ${found}; name one with --release`);
}

/** One bar per step; a step that is done at once came from the cache and has none. */
function showStep(steps: Map<string, Progress>, step: string, part: number): void {
  const progress = steps.get(step);
  if (part < 1 && !progress) steps.set(step, startProgress(step));
  else if (part < 1) progress?.update(part);
  else if (progress) {
    progress.done();
    steps.delete(step);
  }
}

/** The size report. */
export function formatReport(report: InitrdReport): string {
  const modules = `${report.moduleCount} modules of ${report.kernelRelease}, ${formatSize(report.moduleRawBytes)} raw`;
  const firmware = `${report.firmwareCount} firmware files, ${report.firmwareMissing} more named and not there`;
  const rows = [
    [
      'runtime',
      report.runtimeBytes,
      `Node ${report.nodeVersion}${report.slimIcu ? ', slim ICU' : ''}, libraries, program`,
    ],
    ['modules', report.modulesBytes, `${modules}; ${firmware}`],
    ['early', report.earlyBytes, 'shim, busybox, first modules'],
    ['total', report.totalBytes, report.output],
  ] as const;
  return rows.map(([name, bytes, note]) => `${name.padEnd(8)} ${formatSize(bytes).padStart(9)}  ${note}\n`).join('');
}

function parseLevel(text: string): number {
  const level = Number(text);
  if (!Number.isInteger(level) || level < 1 || level > 22) throw new InvalidArgumentError('1 to 22');
  return level;
}
