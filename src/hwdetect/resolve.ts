// What a modalias stands for: the answer of `modprobe -R` (kmod 30) with no configuration, from the tables of module-tables.ts.
//   1. A name starting with `/` or `./` is a file for kmod, and stands for nothing here.
//   2. The alias is made canonical; what kmod refuses stands for nothing.
//   3. A module's own name (no `:` in it) stands for itself, if modules.dep has it.
//   4. `symbol:NAME`: who exports it. 5. modules.alias. 6. A built-in module's own name. 7. Aliases of built-in modules.
// The first step that finds something answers. Several modules come in the order of modules.dep, each as often as it has matching
// patterns; built-in ones have no priority: the pattern found last comes first (alias-trie.ts).

import { searchTrie } from './alias-trie.ts';
import { MAX_ALIAS_BYTES, moduleName, normalizeAlias } from './module-name.ts';
import type { ModuleTables } from './module-tables.ts';

/** The modules that `modprobe -R ALIAS` names, in its order, with its repetitions; `[]` when it finds none. */
export function resolve(tables: ModuleTables, alias: string): string[] {
  if (alias.startsWith('/') || alias.startsWith('./')) return [];
  const canonical = normalizeAlias(alias);
  if (canonical === undefined) return [];
  const { names, numbers } = nameIndex(tables);
  const named = numbers.get(canonical);
  if (named !== undefined && tables.modules[named]![0] !== '') return [canonical];
  const found = numbersOf(tables, canonical).map((number) => names[number]!);
  const wanted = found.length > 0 ? found : resolveBuiltin(tables, canonical);
  // kmod keeps `NAME/ALIAS` in one buffer of PATH_MAX bytes and gives the whole answer up when one does not fit.
  return wanted.some((name) => name.length + canonical.length + 1 > MAX_ALIAS_BYTES) ? [] : wanted;
}

/** Names of the modules, by number. */
export function moduleNames(tables: ModuleTables): readonly string[] {
  return nameIndex(tables).names;
}

/** A module's number; undefined when the tables do not have it. */
export function moduleNumber(tables: ModuleTables, name: string): number | undefined {
  return nameIndex(tables).numbers.get(name);
}

export function isBuiltin(tables: ModuleTables, name: string): boolean {
  return nameIndex(tables).builtin.has(name);
}

function numbersOf(tables: ModuleTables, canonical: string): number[] {
  const exporters = canonical.startsWith('symbol:') ? searchTrie(tables.symbols, canonical, (number) => number) : [];
  return exporters.length > 0 ? exporters : searchTrie(tables.aliases, canonical, (number) => number);
}

function resolveBuiltin(tables: ModuleTables, canonical: string): string[] {
  const place = nameIndex(tables).builtin.get(canonical);
  if (place !== undefined && place < tables.builtinByName) return [canonical];
  return searchTrie(tables.builtinAliases, canonical, () => 0).map((number) => tables.builtin[number]!);
}

interface NameIndex {
  readonly names: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly builtin: ReadonlyMap<string, number>;
}

const nameIndexes = new WeakMap<ModuleTables, NameIndex>();

function nameIndex(tables: ModuleTables): NameIndex {
  const known = nameIndexes.get(tables);
  if (known !== undefined) return known;
  const names = tables.modules.map(([path, , name]) => name ?? moduleName(path));
  const index = {
    names,
    numbers: new Map(names.map((name, number) => [name, number])),
    builtin: new Map(tables.builtin.map((name, place) => [name, place])),
  };
  nameIndexes.set(tables, index);
  return index;
}
