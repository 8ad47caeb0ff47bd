// The manifests of the runes there are, and the settings that they would get, learned without starting one: built-in runes are imported, each foreign one is loaded in its own cell with
// the host's limits and ended at once, since its first lines are already its author's code.

import { errorLine, ViverError } from '../../errors.ts';
import { silentLog } from '../../log.ts';
import { builtinRunes } from '../builtin/builtin.ts';
import type { RuneManifest } from '../contract/manifest.ts';
import { type Cell, LocalCell, type Outside } from '../host/cell.ts';
import { ForeignCell } from '../host/foreign-cell.ts';
import { MAX_RUNE_BYTES } from '../host/load.ts';
import { DEFAULT_LIMITS, type HostLimits, type RuneFile } from '../host/options.ts';
import { noFiles } from '../host/record-changes.ts';
import { NAME_PATTERN } from '../roles/role-names.ts';
import { type RuneFolder, runeNameOf } from '../roles/rune-folder.ts';
import type { MergedSettings } from '../settings/merged-settings.ts';
import { type SettledSetting, settle } from './settle.ts';

/** A rune file that is no rune, and why, in one line that begins with its path. */
export interface RuneFault {
  readonly rune: string;
  readonly path: string;
  readonly message: string;
}

export interface KnownRunes {
  /** By name; where several files have one name, the one that wins. */
  readonly manifests: ReadonlyMap<string, RuneManifest>;
  readonly faults: readonly RuneFault[];
  /** Name -> its settings as it would get them. */
  readonly settings: ReadonlyMap<string, readonly SettledSetting[]>;
  /** Name -> what it stands in place of: the paths of files, or `built in`. */
  readonly overridden: ReadonlyMap<string, readonly string[]>;
}

/** On a desk nothing else wants the processor as at a boot, and a person waits. */
const LIMITS: HostLimits = { ...DEFAULT_LIMITS, startMs: 20_000 };

/** Each is a process or thread of its own: not all at once. */
const LOADED_AT_ONCE = 4;

/** Learns what the built-in runes and those of `folders` are, and what settings they get; the later folder wins. */
export async function knownRunes(folders: readonly RuneFolder[], given: MergedSettings): Promise<KnownRunes> {
  const manifests = new Map<string, RuneManifest>();
  const settings = new Map<string, readonly SettledSetting[]>();
  const faults: RuneFault[] = [];
  const { files, overridden } = winningFiles(folders);
  const look = async (rune: string, path: string, open: () => Promise<Cell>) => {
    try {
      const cell = await open();
      manifests.set(rune, cell.manifest);
      const settled = await settle(cell, rune, path, given);
      settings.set(rune, settled.settings);
      faults.push(...settled.faults);
      await cell.end();
    } catch (error) {
      faults.push({ rune, path, message: withPath(path, errorLine(error)) });
    }
  };
  const waiting = [...files];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [rune, file] = next;
      await look(rune, file.path, () => openForeign(rune, file));
    }
  };
  for (const [rune, load] of Object.entries(builtinRunes)) {
    if (!files.has(rune)) await look(rune, 'built in', async () => new LocalCell(await load(), 'built-in', OUTSIDE));
  }
  await Promise.all(Array.from({ length: LOADED_AT_ONCE }, work));
  return { manifests, settings, faults, overridden };
}

function winningFiles(folders: readonly RuneFolder[]) {
  const files = new Map<string, RuneFile>();
  const overridden = new Map<string, readonly string[]>();
  for (const file of folders.flatMap(({ runes }) => runes)) {
    const name = runeNameOf(file.path) ?? file.path;
    const before = files.get(name)?.path ?? (Object.hasOwn(builtinRunes, name) ? 'built in' : undefined);
    if (before) overridden.set(name, [before, ...(overridden.get(name) ?? [])]);
    files.set(name, file);
  }
  return { files, overridden };
}

/** @throws ViverError and whatever the file's first lines throw. */
async function openForeign(name: string, file: RuneFile): Promise<Cell> {
  if (!NAME_PATTERN.test(name)) {
    throw new ViverError('RUNES_BAD_NAME', `'${name}' can be no rune's name: it is not lower-case words joined by '-'`);
  }
  if (file.text.length > MAX_RUNE_BYTES) {
    throw new ViverError('RUNES_TOO_LARGE', `${file.path} has more than ${MAX_RUNE_BYTES} bytes`);
  }
  return ForeignCell.open(name, file, OUTSIDE, LIMITS, () => {});
}

/** There is nothing outside while runes are looked at. */
const refused = () => Promise.reject(new ViverError('RUNES_NOT_RUNNING', 'nothing runs while runes are looked at'));
const OUTSIDE: Outside = { log: silentLog, files: noFiles, call: refused, emit: () => {}, room: refused };

function withPath(path: string, message: string): string {
  return message.startsWith(path) ? message : `${path}: ${message}`;
}
