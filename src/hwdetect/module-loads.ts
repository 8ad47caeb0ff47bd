// Loads modules, each once, in dependency order: soft dependencies first (if they can), then hard ones, the module itself, and what
// it likes to have afterwards. Owns the one table of what has been loaded and what came of it; OS effects go through Sys.

import type { Log } from '../log.ts';
import type { Sys } from '../sys/sys.ts';
import type { LoadSlots } from './load-slots.ts';
import type { ModuleArguments } from './module-arguments.ts';
import type { ModuleTables } from './module-tables.ts';
import { isBuiltin, moduleNames, moduleNumber, resolve } from './resolve.ts';

export type LoadResult =
  | { readonly kind: 'loaded' | 'already' | 'builtin' }
  /** Not in the tables, or its file is not there. */
  | { readonly kind: 'missing'; readonly message: string }
  /** The command line forbids it. */
  | { readonly kind: 'denied' }
  | { readonly kind: 'failed'; readonly errno: number; readonly message: string };

/** What became of one module. Times are in milliseconds of the injected clock. */
export interface ModuleRecord {
  readonly name: string;
  /** The modalias, module or caller that wanted it first. */
  readonly wantedBy: string;
  readonly result: LoadResult;
  /** When finit_module began; undefined where it was not called. */
  readonly startedMs?: number;
  readonly tookMs?: number;
}

export interface ModuleLoadsOptions {
  readonly sys: Sys;
  readonly tables: ModuleTables;
  /** The folder that holds `kernel/…/NAME.ko`. */
  readonly moduleRoot: string;
  readonly log: Log;
  readonly moduleArguments: ModuleArguments;
  readonly slots: LoadSlots;
  readonly now: () => number;
}

/** Is the module's code in the kernel now? */
export function isThere(result: LoadResult): boolean {
  return result.kind === 'loaded' || result.kind === 'already' || result.kind === 'builtin';
}

const ENOENT = 2;

interface PendingLoad {
  readonly promise: Promise<LoadResult>;
  begunMs?: number;
}

export class ModuleLoads {
  readonly records = new Map<string, ModuleRecord>();
  /** Circles that were met, each as a path that ends where it began. */
  readonly cycles: string[][] = [];
  readonly #options: ModuleLoadsOptions;
  readonly #loads = new Map<string, Promise<LoadResult>>();
  readonly #pending = new Map<string, PendingLoad>();
  /** Who waits for whom: a wait that would close a circle is not begun. */
  readonly #waits = new Map<string, Set<string>>();

  constructor(options: ModuleLoadsOptions) {
    this.#options = options;
  }

  /** Loads a module by its name, with what it needs; the same promise for everybody who asks. Never rejects. */
  load(name: string, wantedBy: string, parameters?: string): Promise<LoadResult> {
    const known = this.#loads.get(name);
    if (known !== undefined) return known;
    // The promise has to be in the table before the work begins: a circle comes back to it.
    const promise = Promise.resolve().then(() => this.#insert(name, wantedBy, parameters));
    this.#loads.set(name, promise);
    this.#pending.set(name, { promise });
    promise.then(() => this.#pending.delete(name));
    return promise;
  }

  /** Names that are wanted and not there yet, with the time when the kernel was given the module; one that still queues has none. */
  pending(): ReadonlyMap<string, { readonly begunMs?: number }> {
    return this.#pending;
  }

  /** Resolves when one of the loads under way ends. */
  async progress(): Promise<void> {
    await Promise.race([...this.#pending.values()].map(({ promise }) => promise));
  }

  async #insert(name: string, wantedBy: string, parameters?: string): Promise<LoadResult> {
    const { tables, moduleArguments, log } = this.#options;
    const number = moduleNumber(tables, name);
    const [path, dependencies] = number === undefined ? ['', []] : tables.modules[number]!;
    if (path === '') return this.#record(name, wantedBy, absent(tables, name));
    if (moduleArguments.denied.has(name)) return this.#record(name, wantedBy, { kind: 'denied' });
    const softdep = tables.softdeps[name];
    const soft = this.#softNames(softdep?.pre).map((other) => this.#wait(name, other));
    await Promise.all(soft);
    const needed = await this.#loadDependencies(name, dependencies);
    const lacking = tables.lacking[name];
    if (lacking !== undefined) log.warn(`${name} needs ${lacking.join(', ')}, not among our modules`);
    if (needed !== undefined) return this.#record(name, wantedBy, needed);
    const record = await this.#loadFile(name, path, wantedBy, parameters);
    for (const other of this.#softNames(softdep?.post)) this.load(other, `${name} (after it)`);
    return record;
  }

  /** The reason why the module cannot be loaded, if one of its dependencies is not there. */
  async #loadDependencies(name: string, numbers: readonly number[]): Promise<LoadResult | undefined> {
    const names = numbers.map((number) => this.#nameOf(number));
    const results = await Promise.all(names.map((other) => this.#wait(name, other)));
    for (const [at, result] of results.entries()) {
      if (result === undefined || isThere(result)) continue;
      const errno = result.kind === 'failed' ? result.errno : ENOENT;
      return { kind: 'failed', errno, message: `needs ${names[at]}: ${explainResult(result)}` };
    }
    return undefined;
  }

  async #loadFile(name: string, path: string, wantedBy: string, parameters?: string): Promise<LoadResult> {
    const { sys, moduleRoot, moduleArguments, slots, now } = this.#options;
    const file = `${moduleRoot}/${path}`;
    const words = [moduleArguments.parameters.get(name), parameters].filter(Boolean).join(' ');
    let startedMs = now();
    const result: LoadResult = await slots
      .run(() => {
        startedMs = now();
        this.#begun(name, startedMs);
        return sys.loadModule(file, words);
      })
      .catch((error: unknown) => ({ kind: 'failed', errno: 0, message: String(error) }) as const);
    const times = { startedMs, tookMs: now() - startedMs };
    // The kernel says ENOENT for an unknown symbol as well.
    if (result.kind === 'failed' && result.errno === ENOENT) {
      const there = await sys.exists(file).catch(() => false);
      const explained: LoadResult = there
        ? { ...result, message: 'unknown symbol: a module that it needs is of another kernel' }
        : { kind: 'missing', message: `${file} is not there` };
      return this.#record(name, wantedBy, explained, times);
    }
    return this.#record(name, wantedBy, result, times);
  }

  #begun(name: string, begunMs: number): void {
    const pending = this.#pending.get(name);
    if (pending) pending.begunMs = begunMs;
  }

  #record(
    name: string,
    wantedBy: string,
    result: LoadResult,
    times?: { startedMs: number; tookMs: number },
  ): LoadResult {
    this.records.set(name, { name, wantedBy, result, ...times });
    const took = times === undefined ? '' : ` in ${Math.round(times.tookMs)} ms`;
    const line = `${name}: ${explainResult(result)}${took}, for ${wantedBy}`;
    if (isThere(result)) this.#options.log.debug(line);
    else this.#options.log.warn(line);
    return result;
  }

  /** Waits for another module on behalf of `name`; undefined when that would be waiting for itself. */
  async #wait(name: string, other: string): Promise<LoadResult | undefined> {
    const circle = this.#wayBack(other, name, []);
    if (circle !== undefined) {
      this.cycles.push([name, ...circle]);
      this.#options.log.warn(`modules need each other: ${[name, ...circle].join(' -> ')}`);
      return undefined;
    }
    const waits = this.#waits.get(name) ?? new Set();
    this.#waits.set(name, waits.add(other));
    try {
      return await this.load(other, name);
    } finally {
      waits.delete(other);
    }
  }

  #wayBack(from: string, to: string, path: readonly string[]): string[] | undefined {
    if (from === to) return [...path, to];
    if (path.includes(from)) return undefined;
    for (const next of this.#waits.get(from) ?? []) {
      const way = this.#wayBack(next, to, [...path, from]);
      if (way !== undefined) return way;
    }
    return undefined;
  }

  #softNames(names: readonly string[] = []): string[] {
    const { tables } = this.#options;
    return names.flatMap((name) => resolve(tables, name)).filter((name) => !isBuiltin(tables, name));
  }

  #nameOf(number: number): string {
    return moduleNames(this.#options.tables)[number]!;
  }
}

/** In words, for a log or a table. */
export function explainResult(result: LoadResult): string {
  if (result.kind === 'missing') return `missing (${result.message})`;
  if (result.kind === 'failed') return `failed (${result.message})`;
  return result.kind;
}

function absent(tables: ModuleTables, name: string): LoadResult {
  if (isBuiltin(tables, name)) return { kind: 'builtin' };
  return { kind: 'missing', message: 'not in the module tables' };
}
