// Readers of the tables that lie beside the modules of a kernel, as depmod and the kernel's build write them. Pure.
// modules.dep and modules.softdep are in dependencies.ts, the tables of old kernels (pcimap, usbmap) in device-maps.ts.

import { moduleName, normalizeAlias } from './module-name.ts';

/** One line of modules.alias: a canonical pattern and the module it leads to. */
export interface AliasLine {
  readonly pattern: string;
  readonly module: string;
}

/** Reads modules.alias, modules.symbols or modules.builtin.alias: `alias PATTERN MODULE`. What kmod refuses is left out. */
export function parseAliases(text: string): AliasLine[] {
  const lines: AliasLine[] = [];
  for (const line of text.split('\n')) {
    const found = /^alias\s+(.*\S)\s+(\S+)\s*$/.exec(line);
    if (found === null) continue;
    const pattern = normalizeAlias(found[1]!);
    if (pattern !== undefined) lines.push({ pattern, module: moduleName(found[2]!) });
  }
  return lines;
}

/** Reads modules.builtin or modules.order: one path per line, as canonical names, each once. */
export function parseModuleList(text: string): string[] {
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    if (/^[A-Za-z]/.test(line)) names.add(moduleName(line.trim()));
  }
  return [...names];
}

/**
 * The aliases of built-in modules in modules.builtin.modinfo (Linux 5.2): `NAME.KEY=VALUE`, each ended by NUL. depmod makes
 * modules.builtin.alias.bin of them.
 */
export function parseBuiltinModinfo(text: string): AliasLine[] {
  const lines: AliasLine[] = [];
  for (const entry of text.split('\0')) {
    const found = /^([^.=]+)\.alias=(.*)$/s.exec(entry);
    if (found === null) continue;
    const pattern = normalizeAlias(found[2]!);
    if (pattern !== undefined) lines.push({ pattern, module: moduleName(found[1]!) });
  }
  return lines;
}
