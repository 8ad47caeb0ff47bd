// Loads the runes that a role names into cells, before anything starts: a foreign file of the same name takes the place of a built-in rune, and
// later files (the medium's) of earlier ones (the image's). What cannot be loaded becomes a fault line, not an end.

import { availableParallelism } from 'node:os';
import { errorLine, ViverError } from '../../errors.ts';
import { runeNameOf } from '../roles/rune-folder.ts';
import { type Cell, LocalCell, type Outside } from './cell.ts';
import { ForeignCell } from './foreign-cell.ts';
import type { HostLimits, HostOptions, RuneFile } from './options.ts';
import { withoutTypes } from './strip-types.ts';

export interface LoadedRunes {
  readonly cells: readonly Cell[];
  readonly faults: readonly string[];
}

/** How the loader reaches the host that it loads for. */
export interface LoadContext {
  readonly limits: HostLimits;
  outside(rune: string): Outside;
  /** A foreign rune's process ended by itself, or hangs. */
  onEnded(rune: string, reason: string): void;
}

/** A rune is one file of code; what is longer is something else. */
export const MAX_RUNE_BYTES = 1024 * 1024;

/** `reason` with the file that it is about, unless it names it already. */
export function withOrigin(reason: string, origin: string): string {
  return origin === 'built-in' || reason.includes(origin) ? reason : `${origin}: ${reason}`;
}

/** Loads the runes of `options.runes` that belong to its stage. */
export async function loadRunes(options: HostOptions, context: LoadContext): Promise<LoadedRunes> {
  const faults: string[] = [];
  const files = await filesToLoad(options, context.limits);
  const load = async (name: string): Promise<Cell | undefined> => {
    try {
      const cell = await loadRune(name, files.get(name), options, context);
      if (cell?.manifest.stage === options.stage) return cell;
      if (!cell) faults.push(`rune ${name}: no built-in rune and no file of that name`);
      await cell?.end();
    } catch (error) {
      const { path } = files.get(name) ?? { path: 'built-in' };
      faults.push(`rune ${name} can't be loaded: ${withOrigin(errorLine(error), path)}`);
    }
    return undefined;
  };
  const isForeign = (name: string) => files.has(name);
  const cells = new Map<string, Cell | undefined>();
  await Promise.all([
    ...options.runes.filter((name) => !isForeign(name)).map(async (name) => cells.set(name, await load(name))),
    ...inTurn(options.runes.filter(isForeign), async (name) => void cells.set(name, await load(name))),
  ]);
  return { cells: options.runes.map((name) => cells.get(name)).filter((cell) => cell !== undefined), faults };
}

/**
 * The files of the runes by name. Those that stay get JavaScript, so that the compiler does not stay with each of them; before the boot is over one step more
 * would take longer than it saves, and the processes end in a moment anyway.
 */
async function filesToLoad(
  { foreign = [], runes, stage }: HostOptions,
  { startMs }: HostLimits,
): Promise<ReadonlyMap<string | undefined, RuneFile>> {
  const byName = new Map(foreign.map((file) => [runeNameOf(file.path), file]));
  if (stage === 'configure') return byName;
  const wanted = [...byName.values()].filter(({ path, text }) => {
    return runes.includes(runeNameOf(path) ?? '') && text.length <= MAX_RUNE_BYTES;
  });
  for (const file of await withoutTypes(wanted, startMs)) byName.set(runeNameOf(file.path), file);
  return byName;
}

/** Foreign runes whose processes start at once: a start takes a processor for a while, and all at once would run each other into their limits. */
const STARTS_AT_ONCE = Math.max(2, availableParallelism());

/** Works through `names` with a few at once, in their order. */
function inTurn(names: readonly string[], work: (name: string) => Promise<void>): Promise<void>[] {
  const queue = [...names];
  return Array.from({ length: STARTS_AT_ONCE }, async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) await work(name);
  });
}

async function loadRune(
  name: string,
  file: RuneFile | undefined,
  { builtin }: HostOptions,
  context: LoadContext,
): Promise<Cell | undefined> {
  const { limits, outside, onEnded } = context;
  if (file) {
    if (file.text.length > MAX_RUNE_BYTES)
      throw new ViverError('RUNES_TOO_LARGE', `${file.path} has more than ${MAX_RUNE_BYTES} bytes`);
    return ForeignCell.open(name, file, outside(name), limits, (reason) => onEnded(name, reason));
  }
  const builtinLoader = Object.hasOwn(builtin, name) ? builtin[name] : undefined;
  return builtinLoader ? new LocalCell(await builtinLoader(), 'built-in', outside(name)) : undefined;
}
