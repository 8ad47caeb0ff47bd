// The index of a kernel's modules: made once at build time from the texts beside the modules, read at boot from the initrd as
// JSON. Pure. A module's number is its place in modules.dep, which depmod writes in its order of preference (modules.order).

import { ViverError } from '../errors.ts';
import { type AliasRule, type AliasTrie, buildTrie } from './alias-trie.ts';
import { type ModuleEntry, parseDependencies, parseSoftDependencies, type SoftDependency } from './dependencies.ts';
import { parsePciMap, parseUsbMap } from './device-maps.ts';
import { type AliasLine, parseAliases, parseBuiltinModinfo, parseModuleList } from './kernel-tables.ts';

export const MODULE_TABLES_VERSION = 1;

/** The files that `buildModuleTables` knows; the ones that a kernel does not have are left out. */
export const MODULE_TABLE_FILES = [
  'modules.dep',
  'modules.alias',
  'modules.softdep',
  'modules.builtin',
  'modules.builtin.modinfo',
  'modules.builtin.alias',
  'modules.symbols',
  'modules.pcimap',
  'modules.usbmap',
  'modules.order',
] as const;
export type ModuleTableFile = (typeof MODULE_TABLE_FILES)[number];
/** Texts by file name; read as latin1, since kmod's letters are bytes. */
export type ModuleTableTexts = Readonly<Partial<Record<ModuleTableFile, string>>>;

/**
 * A module by its number: its path below the folder of modules, uncompressed (`''` and a name if modules.dep lacks it), and the
 * numbers of its dependencies in load order.
 */
export type IndexedModule = readonly [path: string, dependencies: readonly number[], name?: string];

/** All that boot needs to know of a kernel's modules. Plain data. */
export interface ModuleTables {
  readonly version: typeof MODULE_TABLES_VERSION;
  readonly modules: readonly IndexedModule[];
  readonly aliases: AliasTrie;
  /** Names in modules.builtin, behind them those that only modules.builtin.modinfo has. */
  readonly builtin: readonly string[];
  /** How many of `builtin` are in modules.builtin: kmod knows only these by name. */
  readonly builtinByName: number;
  /** Values are places in `builtin`. */
  readonly builtinAliases: AliasTrie;
  readonly symbols: AliasTrie;
  readonly softdeps: Readonly<Record<string, SoftDependency>>;
  /** Dependencies that no module of the tables is: `name -> what it lacks`. */
  readonly lacking: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes the index.
 * @param input.files Texts of the tables.
 * @param input.include Only these modules (canonical names) are kept, with their aliases; everything built-in always is.
 * @param input.symbols Whether `symbol:` aliases are indexed too (14,000 in a Debian kernel); boot does not ask for them.
 */
export function buildModuleTables(input: {
  readonly files: ModuleTableTexts;
  readonly include?: ReadonlySet<string>;
  readonly symbols?: boolean;
}): ModuleTables {
  const { files, include } = input;
  const lines = aliasLines(files);
  const symbolLines = input.symbols === true ? parseAliases(files['modules.symbols'] ?? '') : [];
  const entries = moduleEntries(files, [...lines, ...symbolLines]).filter(
    ({ name }) => include === undefined || include.has(name),
  );
  const numbers = new Map(entries.map(({ name }, number) => [name, number]));
  const softdeps = [...parseSoftDependencies(files['modules.softdep'] ?? '')].filter(([name]) => numbers.has(name));
  return {
    version: MODULE_TABLES_VERSION,
    modules: entries.map((entry) => indexedModule(entry, numbers)),
    aliases: buildTrie(rulesOf(lines, numbers), (number) => number),
    ...builtinTables(files),
    symbols: buildTrie(rulesOf(symbolLines, numbers), (number) => number),
    softdeps: Object.fromEntries(softdeps),
    lacking: Object.fromEntries(entries.flatMap((entry) => lackingOf(entry, numbers))),
  };
}

/** Rows of the old maps count for a module that has no alias of that bus: kernels that have both say the same twice. */
function aliasLines(files: ModuleTableTexts): AliasLine[] {
  const lines = parseAliases(files['modules.alias'] ?? '');
  const covered = new Set(lines.map(({ pattern, module }) => pattern.slice(0, 4) + module));
  const old = [...parsePciMap(files['modules.pcimap'] ?? ''), ...parseUsbMap(files['modules.usbmap'] ?? '')];
  return [...lines, ...old.filter(({ pattern, module }) => !covered.has(pattern.slice(0, 4) + module))];
}

/** The modules in order of preference; behind them what only other tables name, which can be found but not loaded. */
function moduleEntries(files: ModuleTableTexts, lines: readonly AliasLine[]): ModuleEntry[] {
  const table = parseDependencies(files['modules.dep'] ?? '');
  for (const name of [...parseModuleList(files['modules.order'] ?? ''), ...lines.map(({ module }) => module)]) {
    if (!table.has(name)) table.set(name, { name, path: '', dependencies: [] });
  }
  return [...table.values()];
}

function indexedModule({ name, path, dependencies }: ModuleEntry, numbers: ReadonlyMap<string, number>): IndexedModule {
  const needed = dependencies.flatMap((other) => numbers.get(other) ?? []);
  return path === '' ? ['', needed, name] : [uncompressedModulePath(path), needed];
}

function lackingOf({ name, dependencies }: ModuleEntry, numbers: ReadonlyMap<string, number>): [string, string[]][] {
  const needs = dependencies.filter((needed) => !numbers.has(needed));
  return needs.length === 0 ? [] : [[name, needs]];
}

function rulesOf(lines: readonly AliasLine[], numbers: ReadonlyMap<string, number>): AliasRule[] {
  return lines.flatMap(({ pattern, module }) => {
    const value = numbers.get(module);
    return value === undefined ? [] : [{ pattern, value }];
  });
}

function builtinTables(files: ModuleTableTexts): Pick<ModuleTables, 'builtin' | 'builtinByName' | 'builtinAliases'> {
  const byName = parseModuleList(files['modules.builtin'] ?? '');
  const text = files['modules.builtin.modinfo'];
  const lines = text === undefined ? parseAliases(files['modules.builtin.alias'] ?? '') : parseBuiltinModinfo(text);
  const builtin = [...new Set([...byName, ...lines.map(({ module }) => module)])];
  const places = new Map(builtin.map((name, place) => [name, place]));
  return { builtin, builtinByName: byName.length, builtinAliases: buildTrie(rulesOf(lines, places), () => 0) };
}

/** `kernel/fs/ext4/ext4.ko.zst` is `kernel/fs/ext4/ext4.ko` in the initrd, where modules lie uncompressed. */
export function uncompressedModulePath(path: string): string {
  return path.replace(/\.(?:xz|zst|gz|bz2|lzma)$/, '');
}

export function encodeModuleTables(tables: ModuleTables): string {
  return JSON.stringify(tables);
}

/** @throws ViverError HWDETECT_TABLES_BAD when the text is not a table of this version. */
export function decodeModuleTables(text: string): ModuleTables {
  let tables: Partial<ModuleTables> | null;
  try {
    tables = JSON.parse(text);
  } catch (cause) {
    throw new ViverError('HWDETECT_TABLES_BAD', 'the module tables are not JSON', { cause });
  }
  if (tables?.version !== MODULE_TABLES_VERSION || !Array.isArray(tables.modules) || !Array.isArray(tables.aliases)) {
    throw new ViverError('HWDETECT_TABLES_BAD', `the module tables are not of version ${MODULE_TABLES_VERSION}`);
  }
  return tables as ModuleTables;
}
