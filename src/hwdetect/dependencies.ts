// Which modules a module needs, and in which order they are loaded: modules.dep(5), modules.softdep, modules.weakdep as depmod
// writes them. Pure: texts in, tables and plans out. Used at build time (what goes into the initrd) and at boot (what to load).

import { moduleName } from './module-name.ts';

/** One line of modules.dep. */
export interface ModuleEntry {
  readonly name: string;
  /** As in modules.dep, relative to the folder of modules: `kernel/fs/ext4/ext4.ko.xz`. */
  readonly path: string;
  /** Names of what must be there first, in the order in which kmod loads them. */
  readonly dependencies: readonly string[];
}

/** All modules that can be loaded, by name, in the order of modules.dep (which is depmod's order of preference). */
export type DependencyTable = ReadonlyMap<string, ModuleEntry>;

/** What a module likes to have loaded before and after itself. The names may be aliases (`crc32c`). Never a reason to fail. */
export interface SoftDependency {
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

export type SoftDependencyTable = ReadonlyMap<string, SoftDependency>;

/** What loading a module comes down to. */
export interface LoadPlan {
  /** Names in load order, the module itself last; each one once. */
  readonly order: readonly string[];
  /** Names that somebody depends on and that modules.dep does not have. */
  readonly missing: readonly string[];
  /** Circles, each as a path that ends where it began: `['a', 'b', 'a']`. The closing edge is left out of the order. */
  readonly cycles: readonly (readonly string[])[];
}

/** Answers which modules a name or alias stands for; `[]` when nobody knows it. */
export type ResolveName = (nameOrAlias: string) => readonly string[];

/** Reads modules.dep. Lines without a colon are passed over; a name that appears twice keeps its first place. */
export function parseDependencies(text: string): Map<string, ModuleEntry> {
  const table = new Map<string, ModuleEntry>();
  for (const line of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1 || line.startsWith('#')) continue;
    const path = relativePath(line.slice(0, colon).trim());
    const name = moduleName(path);
    const needs = line.slice(colon + 1).match(/\S+/g) ?? [];
    // depmod lists the nearest first; what stands last needs nobody and is loaded first.
    if (name !== '' && !table.has(name)) table.set(name, { name, path, dependencies: needs.map(moduleName).reverse() });
  }
  return table;
}

/** Reads modules.softdep: `softdep NAME pre: A B post: C`. Several lines for one module add up. */
export function parseSoftDependencies(text: string): Map<string, SoftDependency> {
  const table = new Map<string, SoftDependency>();
  for (const line of text.split('\n')) {
    const [keyword, owner, ...rest] = line.match(/\S+/g) ?? [];
    if (keyword !== 'softdep' || owner === undefined) continue;
    const name = moduleName(owner);
    const found = { pre: [...(table.get(name)?.pre ?? [])], post: [...(table.get(name)?.post ?? [])] };
    let list: string[] | undefined;
    for (const word of rest) {
      if (word === 'pre:') list = found.pre;
      else if (word === 'post:') list = found.post;
      else list?.push(word);
    }
    table.set(name, found);
  }
  return table;
}

/** Reads modules.weakdep (kmod 33): `weakdep NAME OTHER…`, modules that NAME may ask for by itself later. Only an initrd cares. */
export function parseWeakDependencies(text: string): Map<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [keyword, owner, ...rest] = line.match(/\S+/g) ?? [];
    if (keyword !== 'weakdep' || owner === undefined) continue;
    table.set(moduleName(owner), [...(table.get(moduleName(owner)) ?? []), ...rest]);
  }
  return table;
}

/** Plans the loading of one module by hard dependencies only. An unknown name gives an empty order and itself as missing. */
export function planLoad(table: DependencyTable, name: string): LoadPlan {
  return planLoads(table, [name]);
}

/** Plans the loading of several modules: every one after what it needs, none twice. */
export function planLoads(table: DependencyTable, names: Iterable<string>): LoadPlan {
  const done = new Set<string>();
  const missing = new Set<string>();
  const cycles: string[][] = [];
  const visit = (name: string, path: string[]): void => {
    if (done.has(name) || missing.has(name)) return;
    const entry = table.get(name);
    if (entry === undefined) {
      missing.add(name);
      return;
    }
    const start = path.indexOf(name);
    if (start >= 0) {
      cycles.push([...path.slice(start), name]);
      return;
    }
    for (const needed of entry.dependencies) visit(needed, [...path, name]);
    done.add(name);
  };
  for (const name of names) visit(moduleName(name), []);
  return { order: [...done], missing: [...missing], cycles };
}

/**
 * Everything that has to travel along so that `names` work: hard dependencies and, where `softly` and `resolve` are given, soft
 * ones (before and after) with theirs. Sorted by load order; what a soft dependency names and nobody has is not missing.
 */
export function moduleClosure(
  table: DependencyTable,
  names: Iterable<string>,
  softly?: { readonly softdeps: SoftDependencyTable; readonly resolve: ResolveName },
): LoadPlan {
  const wanted = new Set([...names].map(moduleName));
  let plan = planLoads(table, wanted);
  while (softly !== undefined) {
    const before = wanted.size;
    for (const name of plan.order) {
      for (const soft of softNames(softly.softdeps.get(name), softly.resolve)) if (table.has(soft)) wanted.add(soft);
    }
    if (wanted.size === before) break;
    plan = planLoads(table, wanted);
  }
  return plan;
}

function softNames(softdep: SoftDependency | undefined, resolve: ResolveName): string[] {
  if (softdep === undefined) return [];
  return [...softdep.pre, ...softdep.post].flatMap((name) => [...resolve(name)].map(moduleName));
}

/** Tables of modutils (Linux 2.4) name files absolutely; what follows `/lib/modules/RELEASE/` is meant. */
function relativePath(path: string): string {
  return path.replace(/^.*?\/lib\/modules\/[^/]+\//, '');
}
