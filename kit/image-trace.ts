// `viver-kit image trace`: the order in which a boot reads an image, recorded or merged, into the image's file.

import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { errorLine, ViverError } from '../src/errors.ts';
import { encodeBootTrace } from '../src/vfield/boot-trace.ts';
import type { Metainfo } from '../src/vfield/metainfo.ts';
import {
  formatTraceFile,
  MAX_TRACE_FILE_CHARACTERS,
  parseTraceFile,
  type TraceFile,
} from '../src/vfield/trace-file.ts';
import { type ImageFile, readImageFile } from './image-file.ts';
import { checkOutputPath, withScratch, writeWhole } from './output-file.ts';
import { mergeTraces } from './trace/merge.ts';
import { checkReplaceable, replaceBootTrace } from './trace/replace.ts';

interface TraceFlags {
  from?: string[];
  remove?: boolean;
  keepTrace?: string;
  memory: number;
  kernel?: string;
  initrd?: string;
}

/** The sub-command for kit/image.ts. */
export function traceCommand(): Command {
  return new Command('trace')
    .description('record the order in which a boot reads an image, so that the next boots fetch ahead')
    .argument('<file.viver>', 'image file; its info hash stays the same')
    .option('--from <file.trace...>', 'do not boot: take what `viver trace` said on machines; several are merged')
    .addOption(new Option('--remove', 'take the trace out of the image').conflicts(['from', 'keepTrace']))
    .option('--keep-trace <file.trace>', 'write the trace into a file too')
    .option('--memory <MiB>', 'memory of the virtual machine', parseMemory, 1024)
    .option('--kernel <file>', 'kernel to boot (default: the one in the image)')
    .option('--initrd <file>', 'initrd to boot (default: made for the kernel of the image)')
    .action(async (path: string, flags: TraceFlags) => {
      const image = await readImageFile(path);
      await checkReplaceable(path);
      if (flags.keepTrace) await checkOutputPath(flags.keepTrace);
      const trace = flags.remove
        ? undefined
        : await (flags.from ? readTraces(image, flags.from) : record(image, flags));
      if (trace && flags.keepTrace) {
        await writeWhole(flags.keepTrace, async (partial) => await writeFile(partial, formatTraceFile(trace)));
      }
      const metainfo = await replaceBootTrace(image, trace?.pieces);
      process.stdout.write(`${path}: boot trace: ${formatBootTrace(bootTraceFacts(metainfo), metainfo.pieceCount)}\n`);
    });
}

/** What `image info` tells of the trace. */
export function bootTraceFacts({ bootTrace, bootTraceRefusal, pieceCount }: Metainfo) {
  if (bootTraceRefusal !== undefined) return { refused: bootTraceRefusal };
  if (!bootTrace) return null;
  return { pieces: bootTrace.length, bytes: encodeBootTrace(bootTrace, pieceCount).length };
}

/** For a person: `731 of 1610 pieces, 902 bytes`, or why there is none. */
export function formatBootTrace(facts: ReturnType<typeof bootTraceFacts>, pieceCount: number): string {
  if (!facts) return 'none';
  if ('refused' in facts) return `passed over: ${facts.refused}`;
  return `${facts.pieces} of ${pieceCount} pieces, ${facts.bytes} bytes`;
}

/** The virtual machine pulls in much; the other commands start without it. */
async function record(image: ImageFile, flags: TraceFlags): Promise<TraceFile> {
  const { recordBoot } = await import('./trace/record-boot.ts');
  const { memory, kernel, initrd } = flags;
  const given = { ...(kernel ? { kernel } : {}), ...(initrd ? { initrd } : {}) };
  return withScratch(image.path, (scratch, signal) =>
    recordBoot({
      image,
      ...given,
      memoryMiB: memory,
      scratch,
      signal,
      say: (line) => process.stderr.write(`${line}\n`),
    }),
  );
}

/** @throws ViverError TRACE_FOREIGN for one of another image, and parseTraceFile's with the file's name. */
async function readTraces(image: ImageFile, paths: readonly string[]): Promise<TraceFile> {
  const traces = await Promise.all(paths.map(readTrace));
  const infoHash = image.metainfo.infoHashV2.toHex();
  const { pieceCount } = image.metainfo;
  for (const [index, trace] of traces.entries()) {
    if (trace.infoHash !== infoHash || trace.pieceCount !== pieceCount) {
      const message = `${paths[index]} is of image ${trace.infoHash}, ${image.path} is ${infoHash}`;
      throw new ViverError('TRACE_FOREIGN', message);
    }
  }
  return {
    infoHash,
    pieceCount,
    pieces: mergeTraces(traces.map(({ pieces }) => pieces)),
    note: `merged from ${paths.length} ${paths.length === 1 ? 'file' : 'files'}`,
  };
}

/** Also from a pipe: `--from <(ssh root@pc viver trace)`. */
async function readTrace(path: string): Promise<TraceFile> {
  let text = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', end: MAX_TRACE_FILE_CHARACTERS }))
    text += chunk;
  try {
    return parseTraceFile(text);
  } catch (error) {
    if (!(error instanceof ViverError)) throw error;
    throw new ViverError(error.code, `${path}: ${errorLine(error)}`, { cause: error });
  }
}

function parseMemory(text: string): number {
  const mebibytes = Number(text);
  if (!Number.isInteger(mebibytes) || mebibytes < 256) throw new InvalidArgumentError('256 or more (MiB)');
  return mebibytes;
}
