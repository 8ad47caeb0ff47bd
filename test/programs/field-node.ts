// One node of a field, to be tried by hand and started by tests as a process of its own.
//
//   field-node.ts TARGET [--content FILE] [--listen HOST:PORT] [--peer HOST:PORT]... [--share MIB] [--quiet] [--sequential]
//
// TARGET is FILE.viver (served from that file unless --diskless), FILE.torrent, or a magnet link. Prints one JSON object per line: the port first,
// then its status each second. Reads commands from standard input: `read OFFSET LENGTH`, `all` (reads everything, prints its SHA-256), `latency COUNT`
// (random pieces one after the other), `settle` (waits until this node keeps what placement gives it, prints the speed), `status`, `end`.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { decodeImageHeader, decodeSquashfsSuperblock, headerOffset } from '../../src/images/format.ts';
import { createLog } from '../../src/log.ts';
import type { BlockSource } from '../../src/vfield/block-source.ts';
import { type Field, openField } from '../../src/vfield/field.ts';
import { openFileSource } from '../../src/vfield/file-source.ts';
import { decodeMetainfo, type Metainfo } from '../../src/vfield/metainfo.ts';
import { ownProcess } from '../../src/vfield/own-process.ts';

const READ_BYTES = 1024 * 1024;
const READS_AT_ONCE = 8;
/** Between looks at the status, which has to look at each piece. */
const LOOK_MS = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    content: { type: 'string' },
    diskless: { type: 'boolean', default: false },
    listen: { type: 'string', default: '127.0.0.1:0' },
    peer: { type: 'string', multiple: true, default: [] },
    share: { type: 'string', default: '64' },
    sequential: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const target = positionals[0];
if (!target) throw new Error('usage: field-node.ts TARGET [options]');

const log = createLog((level, area, message) => console.error(`${level} ${area} ${message}`), '', 'debug');
const [host, port] = values.listen.split(/:(?=\d+$)/) as [string, string];
const content = values.content ?? (target.endsWith('.viver') && !values.diskless ? target : undefined);
const metainfo = readMetainfo(target);
const local = content && metainfo ? await openFileSource(content, { sizeBytes: metainfo.lengthBytes }) : undefined;
const field = await openField({
  ...(metainfo ? { metainfo } : { magnet: target }),
  listen: { host, port: Number(port) },
  peers: values.peer,
  shareBytes: Number(values.share) * 1024 * 1024,
  discovery: false,
  ...ownProcess,
  log,
  ...(local ? { local } : {}),
});
print({ port: field.port, infoHash: field.metainfo.infoHashV2.toHex() });
if (!values.quiet) setInterval(() => print({ status: field.status() }), 1000);
// Commands run beside each other: a status is wanted while a read waits.
for await (const line of createInterface({ input: process.stdin })) {
  const running = command(field, line.trim().split(/\s+/));
  if (values.sequential) await running;
}
await field.close();
process.exit(0);

async function command(field: Field, [name, ...words]: string[]): Promise<void> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  switch (name) {
    case 'read': {
      const [offset, length] = words.map(Number) as [number, number];
      const bytes = await field.source.read(offset, length);
      print({ read: createHash('sha256').update(bytes).digest('hex'), seconds: seconds() });
      return;
    }
    case 'all': {
      const sha256 = await readAll(field.source);
      print({ all: sha256, seconds: seconds() });
      return;
    }
    case 'latency':
      print({ latency: await measureLatency(field, Number(words[0] ?? 100)) });
      return;
    case 'settle':
      print({ settled: await settle(field) });
      return;
    case 'status':
      print({ status: field.status() });
      return;
    case 'end':
      await field.close();
      process.exit(0);
  }
}

/** SHA-256 of the whole image, read by several reads at once. */
async function readAll(source: BlockSource): Promise<string> {
  const hash = createHash('sha256');
  const pending: Promise<Uint8Array>[] = [];
  for (let at = 0; at < source.sizeBytes || pending.length > 0; ) {
    while (at < source.sizeBytes && pending.length < READS_AT_ONCE) {
      const length = Math.min(READ_BYTES, source.sizeBytes - at);
      pending.push(source.read(at, length));
      at += length;
    }
    hash.update(await pending.shift()!);
  }
  return hash.digest('hex');
}

/** Speed of the background transfer, from the first piece to the last. */
async function settle(field: Field): Promise<{ seconds: number; mebibytesPerSecond: number }> {
  const first = await kept(field, (pieces) => pieces > 0);
  const last = await kept(field, (pieces, owned) => owned > 0 && pieces >= owned);
  const seconds = (last.at - first.at) / 1000;
  const bytes = (last.pieces - first.pieces) * field.metainfo.pieceBytes;
  return { seconds, mebibytesPerSecond: Math.round(bytes / 1024 / 1024 / seconds) };
}

/** Waits until what is kept is enough. */
async function kept(
  field: Field,
  isEnough: (kept: number, owned: number) => boolean,
): Promise<{ pieces: number; at: number }> {
  for (;;) {
    const { kept, owned } = field.status();
    if (isEnough(kept, owned)) return { pieces: kept, at: performance.now() };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Milliseconds of reads of one whole piece that is not in RAM, one after the other. */
async function measureLatency(field: Field, count: number): Promise<{ p50: number; p99: number; reads: number }> {
  const { pieceCount, pieceBytes, lengthBytes } = field.metainfo;
  const times: number[] = [];
  for (let step = 0; step < count; step++) {
    const piece = (step * 7919) % (pieceCount - 1);
    const started = performance.now();
    await field.source.read(piece * pieceBytes, Math.min(pieceBytes, lengthBytes - piece * pieceBytes));
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round((times[Math.floor(times.length * part)] ?? 0) * 1000) / 1000;
  return { p50: at(0.5), p99: at(0.99), reads: times.length };
}

function readMetainfo(path: string): Metainfo | undefined {
  if (path.startsWith('magnet:')) return undefined;
  const bytes = readFileSync(path);
  if (!path.endsWith('.viver')) return decodeMetainfo(bytes);
  const offset = headerOffset(decodeSquashfsSuperblock(bytes));
  const header = decodeImageHeader(bytes.subarray(offset));
  return decodeMetainfo(bytes.subarray(offset + 16, offset + 16 + header.metainfoLengthBytes));
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
