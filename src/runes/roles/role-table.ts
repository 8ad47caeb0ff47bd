// The role table: role -> runes, from the built-in table and the ones of the image and the medium laid over it. A later table replaces a role;
// `@role` of its own name then means the role as it was before (`first: @first printers` adds a rune to `first`). Pure.

import type { ParsedRoles, RoleEntry, RoleFault } from './parse-roles.ts';

/** Role -> its entries, with takeovers of its own older self already put in place. */
export type RoleTable = ReadonlyMap<string, readonly RoleEntry[]>;

export interface ResolvedRole {
  /** In the order of the table, each once. */
  readonly runes: readonly string[];
  readonly faults: readonly RoleFault[];
}

const rune = (name: string): RoleEntry => ({ kind: 'rune', name });
const role = (name: string): RoleEntry => ({ kind: 'role', name });

/** What runs when nobody says anything: `first` was booted from a medium, `node` from the network. */
export const DEFAULT_ROLES: RoleTable = new Map([
  ['base', ['host-name', 'fstab', 'network', 'machine-identity', 'viver-command'].map(rune)],
  ['first', [role('base'), ...['address-keeper', 'tftp', 'http', 'dhcp'].map(rune)]],
  ['node', [role('base')]],
]);

/** Lays `over` on `table`. */
export function mergeRoles(table: RoleTable, over: ParsedRoles): RoleTable {
  const merged = new Map(table);
  for (const { role: name, entries } of over.lines) {
    const before = table.get(name) ?? [role(name)];
    merged.set(
      name,
      entries.flatMap((entry) => (entry.kind === 'role' && entry.name === name ? before : [entry])),
    );
  }
  return merged;
}

/** The runes of role `name`. An unknown role, and a role that takes itself over, is a fault; what can be found is still named. */
export function resolveRole(table: RoleTable, name: string): ResolvedRole {
  const faults: RoleFault[] = [];
  const resolved = new Map<string, ReadonlySet<string>>();
  const resolve = (current: string, path: readonly string[]): ReadonlySet<string> => {
    const known = resolved.get(current);
    const fault = known ? undefined : roleFault(table, current, path);
    if (fault) faults.push({ line: 0, message: fault });
    if (known || fault) return known ?? new Set();
    const runes = new Set<string>();
    for (const entry of table.get(current) ?? []) {
      if (entry.kind === 'without') runes.delete(entry.name);
      else if (entry.kind === 'rune') runes.add(entry.name);
      else for (const taken of resolve(entry.name, [...path, current])) runes.add(taken);
    }
    resolved.set(current, runes);
    return runes;
  };
  return { runes: [...resolve(name, [])], faults };
}

function roleFault(table: RoleTable, name: string, path: readonly string[]): string | undefined {
  if (path.includes(name)) return `role ${name} takes itself over: ${[...path, name].join(' -> ')}`;
  if (table.has(name)) return undefined;
  return path.length > 0
    ? `role ${path.at(-1)} takes over @${name}, which no role table has`
    : `no role table has ${name}`;
}
