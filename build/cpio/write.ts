// Packs newc archives with cpio-stream, with what the package gets wrong put right on the instance: names are counted in bytes,
// numbers that do not fit are errors, and the tail is padded so that another archive may follow (the kernel panics otherwise).
// The same entries give the same bytes: sorted, mtime 0, owner root, inodes counted from 1.

import { PassThrough, Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import cpio, { type Pack, type PackHeader } from 'cpio-stream';
import { encodeNewcHeader, FileType, type NewcHeader, TRAILER_NAME } from '../../src/wire/newc.ts';

/** A file's bytes, at hand or to be read when their turn comes. */
export type CpioContent = Uint8Array | { readonly sizeBytes: number; open(): AsyncIterable<Uint8Array> };

/** What is to stand in an archive; `path` is relative, `mode` the permission bits. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: CpioContent }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'characterDevice' | 'blockDevice';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** The archive as a stream of bytes, a multiple of 512 long. Directories must be among the entries, the kernel makes none. */
export function packCpio(entries: readonly CpioEntry[]): Readable {
  const pack = byteTruePack();
  const out = new PassThrough();
  pipeline(pack, out).catch(() => {});
  feed(pack, [...entries].sort(byPath)).catch((error) => out.destroy(error));
  return out;
}

/** A small archive at once. */
export async function packCpioBytes(entries: readonly CpioEntry[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packCpio(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const TAIL_BYTES = 512;
const HEADER = Symbol('newc header');

function byteTruePack(): Pack {
  const pack = cpio.pack({ format: 'newc' });
  let written = 0;
  pack._encode = (header) => encodeNewcHeader(header[HEADER as unknown as string] as NewcHeader);
  pack._push = (data) => {
    written += data.length;
    return pack.push(data);
  };
  pack.finalize = () => {
    pack._push(encodeNewcHeader(newcHeader({ name: TRAILER_NAME, linkCount: 1 })));
    pack._push(new Uint8Array(-written & (TAIL_BYTES - 1)));
    pack.push(null);
  };
  return pack;
}

async function feed(pack: Pack, entries: readonly CpioEntry[]): Promise<void> {
  for (const [index, entry] of entries.entries()) await addEntry(pack, entry, index + 1);
  pack.finalize();
}

/** The package adjusts the header it is given and encodes that; ours travels inside it, untouched. */
async function addEntry(pack: Pack, entry: CpioEntry, inode: number): Promise<void> {
  const content = contentOf(entry);
  const sizeBytes = content instanceof Uint8Array ? content.length : content.sizeBytes;
  const ours = newcHeader({ ...describe(entry), inode, sizeBytes });
  encodeNewcHeader(ours); // Refuses what does not fit before a byte of it is out.
  const header = { name: entry.path, mode: ours.mode, size: sizeBytes, [HEADER]: ours } as PackHeader;
  if (content instanceof Uint8Array) {
    await new Promise<void>((resolve) => pack.entry(header, Buffer.from(content), () => resolve()));
    return;
  }
  await addStream(pack, header, content);
}

async function addStream(pack: Pack, header: PackHeader, content: Exclude<CpioContent, Uint8Array>): Promise<void> {
  const done = Promise.withResolvers<void>();
  const sink = pack.entry(header, (error) => (error ? done.reject(error) : done.resolve()));
  if (!sink) throw new Error(`cpio: ${header.name} is behind the end of the archive`);
  const source = Readable.from(content.open());
  source.pipe(sink);
  await Promise.all([finished(source), done.promise]);
}

function contentOf(entry: CpioEntry): CpioContent {
  if (entry.kind === 'file') return entry.content;
  return entry.kind === 'symlink' ? new TextEncoder().encode(entry.target) : new Uint8Array();
}

function describe(entry: CpioEntry): Partial<NewcHeader> & { name: string } {
  const type = FileType[entry.kind];
  if (entry.kind === 'symlink') return { name: entry.path, mode: type | 0o777, linkCount: 1 };
  const node = 'major' in entry ? { nodeMajor: entry.major, nodeMinor: entry.minor } : {};
  return { name: entry.path, mode: type | entry.mode, linkCount: entry.kind === 'directory' ? 2 : 1, ...node };
}

function newcHeader(given: Partial<NewcHeader> & { name: string }): NewcHeader {
  const zero = { inode: 0, mode: 0, uid: 0, gid: 0, linkCount: 1, mtimeSeconds: 0, sizeBytes: 0 };
  return { ...zero, deviceMajor: 0, deviceMinor: 0, nodeMajor: 0, nodeMinor: 0, ...given };
}

/** By code units, so that no locale changes the archive; a directory comes before what is in it. */
function byPath(a: CpioEntry, b: CpioEntry): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}
