// The role table: role -> runes, from the built-in table and the ones of the image and the medium laid over it. A later table replaces a role;
// `@role` of its own name then means the role as it was before (`first: @first printers` adds a rune to `first`). Each word keeps the place
// where it stands, so that `viver runes explain` can say why a rune runs. Pure.

import type { ParsedRoles, RoleEntry } from './parse-roles.ts';

/** A word of a table, and where it stands: `medium:/RUNES/roles:3`, or `built in`. */
export interface PlacedEntry extends RoleEntry {
  readonly at: string;
  /** What the role was before, where the word is `@role` of its own name. */
  readonly before?: readonly PlacedEntry[];
}

/** Role -> its words. */
export type RoleTable = ReadonlyMap<string, readonly PlacedEntry[]>;

/** Why a rune is in a role: a word of the role itself, or `@other` there, and why it is in that one. */
export interface RuneReason {
  readonly role: string;
  readonly at: string;
  readonly through?: RuneReason;
}

/** A `-rune` word. */
export interface DroppedRune {
  readonly rune: string;
  readonly role: string;
  readonly at: string;
  /** False when the rune was not in the role at that point: a misspelling, or the wrong order of words. */
  readonly wasThere: boolean;
}

export interface ResolvedRole {
  /** In the order of the table, each once. */
  readonly runes: readonly string[];
  /** Rune -> why it is there. */
  readonly reasons: ReadonlyMap<string, RuneReason>;
  readonly dropped: readonly DroppedRune[];
  readonly faults: readonly PlacedFault[];
}

/** A fault of the role; `at` is the place of the word that causes it, where there is one. */
export interface PlacedFault {
  readonly message: string;
  readonly at?: string;
}

/** One line: the place, if there is one, and what is wrong. */
export function formatRoleFault({ at, message }: PlacedFault): string {
  return at === undefined ? message : `${at}: ${message}`;
}

const BUILT_IN = 'built in';
const rune = (name: string): PlacedEntry => ({ kind: 'rune', name, at: BUILT_IN });
const role = (name: string): PlacedEntry => ({ kind: 'role', name, at: BUILT_IN });

/** What runs when nobody says anything: `first` was booted from a medium, `node` from the network. */
export const DEFAULT_ROLES: RoleTable = new Map([
  [
    'base',
    [
      ...['host-name', 'users', 'fstab', 'local-disks', 'network', 'hardware-detection', 'clock', 'machine-identity'],
      ...['ssh-host-keys', 'display', 'home', 'zram-swap', 'viver-command', 'hooks', 'room-hosts'],
    ].map(rune),
  ],
  ['first', [role('base'), ...['address-keeper', 'tftp', 'http', 'dhcp'].map(rune)]],
  ['node', [role('base')]],
]);

/**
 * Lays `over` on `table`.
 * @param path Of the file that `over` stands in, for the places of its words.
 */
export function mergeRoles(table: RoleTable, over: ParsedRoles, path = 'roles'): RoleTable {
  const merged = new Map(table);
  for (const { role: name, entries, line } of over.lines) {
    const at = `${path}:${line}`;
    const before = table.get(name);
    const place = (entry: RoleEntry): PlacedEntry =>
      before && entry.kind === 'role' && entry.name === name ? { ...entry, at, before } : { ...entry, at };
    merged.set(name, entries.map(place));
  }
  return merged;
}

/** The runes of role `name`. An unknown role, and a role that takes itself over, is a fault; what can be found is still named. */
export function resolveRole(table: RoleTable, name: string): ResolvedRole {
  const resolver = new RoleResolver(table);
  const reasons = resolver.resolve(name, [], undefined);
  return { runes: [...reasons.keys()], reasons, dropped: resolver.dropped, faults: resolver.faults };
}

type Reasons = ReadonlyMap<string, RuneReason>;

/** Resolves each role once, however often it is taken over. */
class RoleResolver {
  readonly faults: PlacedFault[] = [];
  readonly dropped: DroppedRune[] = [];
  readonly #table: RoleTable;
  readonly #known = new Map<string, Reasons>();

  constructor(table: RoleTable) {
    this.#table = table;
  }

  resolve(name: string, path: readonly string[], at: string | undefined): Reasons {
    const known = this.#known.get(name);
    if (known) return known;
    const message = roleFault(this.#table, name, path);
    if (message !== undefined) {
      this.faults.push({ message, ...(at === undefined ? {} : { at }) });
      return new Map();
    }
    const reasons = this.#walk(name, this.#table.get(name) ?? [], [...path, name]);
    this.#known.set(name, reasons);
    return reasons;
  }

  #walk(role: string, entries: readonly PlacedEntry[], path: readonly string[]): Reasons {
    const reasons = new Map<string, RuneReason>();
    for (const { kind, name, at, before } of entries) {
      if (kind === 'without') this.dropped.push({ rune: name, role, at, wasThere: reasons.delete(name) });
      else if (kind === 'rune') reasons.set(name, reasons.get(name) ?? { role, at });
      else {
        const taken = before ? this.#walk(role, before, path) : this.resolve(name, path, at);
        for (const [rune, through] of taken) reasons.set(rune, reasons.get(rune) ?? { role, at, through });
      }
    }
    return reasons;
  }
}

function roleFault(table: RoleTable, name: string, path: readonly string[]): string | undefined {
  if (path.includes(name)) return `role ${name} takes itself over: ${[...path, name].join(' -> ')}`;
  if (table.has(name)) return undefined;
  return path.length > 0
    ? `role ${path.at(-1)} takes over @${name}, which no role table has`
    : `no role table has ${name}`;
}
