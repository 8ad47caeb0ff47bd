// Decides which modules go into the initrd: the folder rules, then everything that the chosen ones need, hard and soft. Pure.

import { ViverError } from '../../src/errors.ts';
import {
  type DependencyTable,
  moduleClosure,
  parseDependencies,
  parseSoftDependencies,
} from '../../src/hwdetect/dependencies.ts';
import { parseModuleList } from '../../src/hwdetect/kernel-tables.ts';
import { buildModuleTables, type ModuleTableTexts } from '../../src/hwdetect/module-tables.ts';
import { resolve } from '../../src/hwdetect/resolve.ts';
import { type FolderRule, REQUIRED_MODULES, SHIM_MODULES } from './rules.ts';

export interface ModuleSelection {
  /** Names of all modules to carry, in load order. */
  readonly names: readonly string[];
  /** Those that the shim loads, in load order; empty when all of them are built-in. */
  readonly shim: readonly string[];
  /** Names in somebody's dependencies that modules.dep lacks. */
  readonly missing: readonly string[];
}

/** Chooses by `rules`. @throws ViverError INITRD_KERNEL_UNFIT when the kernel lacks what no boot can do without. */
export function selectModules(files: ModuleTableTexts, rules: readonly FolderRule[]): ModuleSelection {
  const table = parseDependencies(files['modules.dep'] ?? '');
  const builtin = new Set(parseModuleList(files['modules.builtin'] ?? ''));
  const lacking = REQUIRED_MODULES.filter((name) => !table.has(name) && !builtin.has(name));
  if (lacking.length > 0) {
    throw new ViverError(
      'INITRD_KERNEL_UNFIT',
      `this kernel has no ${lacking.join(', ')}, neither as a module nor built-in`,
    );
  }
  const chosen = [...table.values()].filter(({ path }) => takes(rules, path)).map(({ name }) => name);
  const wanted = [...SHIM_MODULES, ...REQUIRED_MODULES].filter((name) => table.has(name));
  const plan = moduleClosure(table, [...chosen, ...wanted], {
    softdeps: parseSoftDependencies(files['modules.softdep'] ?? ''),
    resolve: resolver(files),
  });
  return { names: plan.order, shim: shimModules(table), missing: plan.missing };
}

/** What the longest fitting rule says; nothing fits: left out. */
export function takes(rules: readonly FolderRule[], modulePath: string): boolean {
  const path = modulePath.replace(/^kernel\//, '');
  let best: FolderRule | undefined;
  for (const rule of rules) {
    if (path.startsWith(rule.prefix) && rule.prefix.length > (best?.prefix.length ?? -1)) best = rule;
  }
  return best?.take ?? false;
}

function shimModules(table: DependencyTable): readonly string[] {
  return moduleClosure(
    table,
    SHIM_MODULES.filter((name) => table.has(name)),
  ).order;
}

function resolver(files: ModuleTableTexts): (name: string) => readonly string[] {
  const tables = buildModuleTables({ files });
  return (name) => resolve(tables, name);
}
