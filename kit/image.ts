// `viver-kit image`: create, look at, check and export disk images.

import { Command, InvalidArgumentError } from 'commander';
import { ViverError } from '../src/errors.ts';
import { formatSuperblock } from '../src/images/format.ts';
import { createImage } from './create-image.ts';
import { damagedPiecesOf, type ImageFile, readImageFile } from './image-file.ts';
import { torrentCommand } from './image-torrent.ts';
import { bootTraceFacts, formatBootTrace, traceCommand } from './image-trace.ts';
import { formatSize, startProgress } from './progress-bar.ts';

/** The sub-command for kit/main.ts. */
export function imageCommand(): Command {
  const command = new Command('image').description('disk images: NAME.viver files');
  addCreate(command);
  addInfo(command);
  addVerify(command);
  command.addCommand(torrentCommand());
  command.addCommand(traceCommand());
  return command;
}

interface CreateFlags {
  root: string;
  output: string;
  label?: string;
  exclude: string[];
  compressionLevel: number;
  kernel?: string;
}

function addCreate(command: Command): void {
  command
    .command('create')
    .description('make an image of an installed Linux')
    .requiredOption('--root <dir>', 'root directory of the Linux; / is the running system')
    .requiredOption('--output <file.viver>', 'image to write')
    .option('--label <name>', 'name of the image (default: from the file name)')
    .option('--exclude <glob>', 'leave out, relative to the root; may be repeated', collect, [])
    .option('--compression-level <n>', 'zstd level, 1 (quick) to 22 (small)', parseLevel, 15)
    .option('--kernel <release>', 'kernel to boot (default: the newest)')
    .action(async (flags: CreateFlags) => {
      const metainfo = await createImage({ ...flags, fixedSeconds: sourceDateEpoch(process.env), say });
      say(`${flags.output}: ${metainfo.image.label}, info hash ${hex(metainfo.infoHashV2)}`);
    });
}

function addInfo(command: Command): void {
  command
    .command('info')
    .description('say what an image is')
    .argument('<file>', 'image file or partition')
    .option('--json', 'as JSON, for programs')
    .action(async (path: string, flags: { json?: boolean }) => {
      const facts = imageFacts(await readImageFile(path));
      process.stdout.write(flags.json ? `${JSON.stringify(facts, null, 2)}\n` : `${formatFacts(facts)}\n`);
    });
}

function addVerify(command: Command): void {
  command
    .command('verify')
    .description('read an image again and compare every piece with its hash')
    .argument('<file>', 'image file or partition')
    .action(async (path: string) => {
      const image = await readImageFile(path);
      const progress = startProgress('Verifying');
      const damaged = await damagedPiecesOf(image, (part) => progress.update(part));
      progress.done();
      if (damaged.length > 0) throw damageError(image, damaged);
      process.stdout.write(`${path}: all ${image.metainfo.pieceCount} pieces are right\n`);
    });
}

/** What `info` tells; the JSON of `info --json` is this. */
export function imageFacts(image: ImageFile) {
  const { metainfo, superblock } = image;
  return {
    file: image.path,
    label: metainfo.image.label,
    kernel: metainfo.image.kernelRelease,
    architecture: metainfo.image.architecture,
    created: metainfo.createdSeconds === undefined ? null : new Date(metainfo.createdSeconds * 1000).toISOString(),
    fileBytes: image.lengthBytes,
    squashfsBytes: superblock.bytesUsed,
    squashfs: formatSuperblock(superblock),
    pieceBytes: metainfo.pieceBytes,
    pieces: metainfo.pieceCount,
    infoHash: hex(metainfo.infoHashV2),
    infoHashV1: hex(metainfo.infoHashV1),
    bootTrace: bootTraceFacts(metainfo),
  };
}

function formatFacts(facts: ReturnType<typeof imageFacts>): string {
  const rows: [string, string][] = [
    ['label', facts.label],
    ['kernel', `${facts.kernel} (${facts.architecture})`],
    ['created', facts.created ?? 'unknown'],
    ['size', `${formatSize(facts.fileBytes)} (${facts.squashfs})`],
    ['pieces', `${facts.pieces} of ${facts.pieceBytes / 1024} KiB`],
    ['info hash', facts.infoHash],
    ['  v1', facts.infoHashV1],
    ['boot trace', formatBootTrace(facts.bootTrace, facts.pieces)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}`).join('\n');
}

/** Names the pieces and where they lie, the first ten of them. */
function damageError(image: ImageFile, damaged: readonly number[]): ViverError {
  const { pieceBytes, pieceCount } = image.metainfo;
  const named = damaged.slice(0, 10).map((piece) => `${piece} (at byte ${piece * pieceBytes})`);
  const more = damaged.length > 10 ? `, and ${damaged.length - 10} more` : '';
  return new ViverError(
    'IMAGE_DAMAGED',
    `${image.path}: ${damaged.length} of ${pieceCount} pieces differ: ${named.join(', ')}${more}`,
  );
}

/** Seconds out of SOURCE_DATE_EPOCH (reproducible-builds.org). @throws ViverError KIT_BAD_SOURCE_DATE_EPOCH */
export function sourceDateEpoch(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text))
    throw new ViverError('KIT_BAD_SOURCE_DATE_EPOCH', `SOURCE_DATE_EPOCH=${text}: no seconds`);
  return Number(text);
}

function parseLevel(text: string): number {
  const level = Number(text);
  if (!Number.isInteger(level) || level < 1 || level > 22) throw new InvalidArgumentError('1 to 22');
  return level;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
