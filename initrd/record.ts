// What the next process needs in order to go on where this one was killed: the image's metainfo in a file, all else in another one, both in the
// runtime's memory file system, where no read can wait for the root. The watcher (watch.sh) starts a new process only where they are.

import type { PhaseTime } from '../src/control/status.ts';
import { errorLine, ViverError } from '../src/errors.ts';
import type { StartReport } from '../src/runes/host/options.ts';
import type { RuneFolder } from '../src/runes/roles/rune-folder.ts';
import type { Sys } from '../src/sys/sys.ts';
import { decodeMetainfo, encodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import type { Findings } from './facts.ts';
import type { Root } from './root.ts';

/** Also named in watch.sh. */
export const RECORD_FILE = '/run/serving.json';
const METAINFO_FILE = '/run/serving.torrent';
const VERSION = 1;

export interface ServingRecord {
  readonly programVersion: string;
  /** Hex of the image's identity: the metainfo beside the record must be the one that it was written for. */
  readonly infoHash: string;
  readonly root: Pick<Root, 'device' | 'source' | 'local'>;
  readonly findings: Findings;
  /** RUNES of the image and of the medium: their files must not be read from a root that this process serves. */
  readonly folders: readonly RuneFolder[];
  /** What became of the runes of stage `configure`. */
  readonly configured: StartReport;
  readonly phases: readonly PhaseTime[];
  /** Addresses of the members that were connected lately. */
  readonly peers: readonly string[];
}

export function encodeRecord(record: ServingRecord): string {
  return `${JSON.stringify({ version: VERSION, ...record })}\n`;
}

/** @throws ViverError RECORD_BAD with what is wrong */
export function decodeRecord(text: string): ServingRecord {
  const record = parse(text);
  if (record.version !== VERSION) throw bad(`version ${String(record.version)} instead of ${VERSION}`);
  for (const name of ['programVersion', 'infoHash'] as const) {
    if (typeof record[name] !== 'string') throw bad(`no ${name}`);
  }
  for (const name of ['folders', 'phases', 'peers'] as const) {
    if (!Array.isArray(record[name])) throw bad(`no ${name}`);
  }
  if (typeof record.configured !== 'object' || record.configured === null) throw bad('no configured');
  if (typeof (record.root as Partial<Root> | undefined)?.device !== 'string') throw bad('no root device');
  if (typeof (record.findings as Partial<Findings> | undefined)?.role !== 'string') throw bad('no role');
  const { version: _, ...known } = record;
  return known as unknown as ServingRecord;
}

/** What the last process left. @throws ViverError RECORD_BAD */
export async function readRecord(sys: Sys): Promise<{ record: ServingRecord; metainfo: Metainfo }> {
  const record = decodeRecord(await sys.readText(RECORD_FILE).catch(missing));
  const bytes = await sys.readBytes(METAINFO_FILE, 0, await sys.sizeBytes(METAINFO_FILE).catch(missing));
  const metainfo = decoded(bytes);
  if (metainfo.infoHashV2.toHex() !== record.infoHash) throw bad(`the metainfo is not that of ${record.infoHash}`);
  return { record, metainfo };
}

/** Owns the two files: each change of the record replaces the one on disk whole, one after the other. */
export class RecordKeeper {
  readonly #sys: Sys;
  #record: ServingRecord;
  #written = '';
  #tail: Promise<void> = Promise.resolve();

  private constructor(sys: Sys, record: ServingRecord) {
    this.#sys = sys;
    this.#record = record;
  }

  /** Goes on with a record that is there. */
  static resume(sys: Sys, record: ServingRecord): RecordKeeper {
    return new RecordKeeper(sys, record);
  }

  /** Writes both files; from now on the watcher starts a new process when this one ends. */
  static async begin(sys: Sys, record: Omit<ServingRecord, 'infoHash'>, metainfo: Metainfo): Promise<RecordKeeper> {
    await sys.replaceFile(METAINFO_FILE, encodeMetainfo(metainfo));
    const keeper = new RecordKeeper(sys, { ...record, infoHash: metainfo.infoHashV2.toHex() });
    await keeper.update({});
    return keeper;
  }

  /** Settles when the change is written. */
  update(change: Partial<ServingRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    const written = this.#tail.then(() => this.#write());
    this.#tail = written.catch(() => {}); // said to the caller; the next change tries again
    return written;
  }

  async #write(): Promise<void> {
    const text = encodeRecord(this.#record);
    if (text === this.#written) return;
    await this.#sys.replaceFile(RECORD_FILE, text);
    this.#written = text;
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw bad(`${text.length} characters that are no JSON`, cause);
  }
  throw bad('no object');
}

function decoded(bytes: Uint8Array): Metainfo {
  try {
    return decodeMetainfo(bytes);
  } catch (cause) {
    throw bad(`its metainfo: ${errorLine(cause)}`, cause);
  }
}

function missing(cause: unknown): never {
  throw bad(errorLine(cause), cause);
}

function bad(why: string, cause?: unknown): ViverError {
  return new ViverError('RECORD_BAD', `the record of what the last process served: ${why}`, { cause });
}
