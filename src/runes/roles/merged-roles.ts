// The role table of a machine: the built-in one, and those of the image and of the medium laid over it. Pure.

import { parseRoles } from './parse-roles.ts';
import { DEFAULT_ROLES, mergeRoles, type RoleTable } from './role-table.ts';
import type { RuneFolder } from './rune-folder.ts';

export interface MergedRoles {
  readonly table: RoleTable;
  /** Lines that could not be read: `medium:/RUNES/roles:3: no ':' …`. */
  readonly faults: readonly string[];
}

/** @param folders The later wins. */
export function mergedRoles(folders: readonly Pick<RuneFolder, 'roles'>[]): MergedRoles {
  const faults: string[] = [];
  let table = DEFAULT_ROLES;
  for (const { roles } of folders) {
    if (!roles) continue;
    const parsed = parseRoles(roles.text);
    for (const { line, message } of parsed.faults) faults.push(`${roles.path}:${line}: ${message}`);
    table = mergeRoles(table, parsed, roles.path);
  }
  return { table, faults };
}
