// The role table's file format (/etc/RUNES/roles): one role per line, `role: rune rune ...`, comments behind '#'. `@role` takes over all runes
// of another role, `-rune` drops one again. Faults carry line numbers; the good lines count all the same. Pure.

import { NAME_PATTERN } from './role-names.ts';

/** One word behind the colon. */
export type RoleEntry = { readonly kind: 'rune' | 'without' | 'role'; readonly name: string };

export interface RoleLine {
  readonly role: string;
  readonly entries: readonly RoleEntry[];
  readonly line: number;
}

export interface RoleFault {
  /** 1-based; 0 when the fault belongs to no line. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedRoles {
  readonly lines: readonly RoleLine[];
  readonly faults: readonly RoleFault[];
}

/** A table that a person writes has tens of lines; what is longer is no role table. */
export const MAX_ROLES_BYTES = 64 * 1024;

/** Parses the text of one role table. Never throws. */
export function parseRoles(text: string): ParsedRoles {
  if (text.length > MAX_ROLES_BYTES) {
    return { lines: [], faults: [{ line: 0, message: `longer than ${MAX_ROLES_BYTES} bytes` }] };
  }
  const lines: RoleLine[] = [];
  const faults: RoleFault[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const content = raw.replace(/#.*/, '').trim();
    if (content === '') continue;
    const parsed = parseRoleLine(content, line);
    if ('message' in parsed) faults.push(parsed);
    else if (lines.some(({ role }) => role === parsed.role))
      faults.push({ line, message: `role ${parsed.role} is there twice` });
    else lines.push(parsed);
  }
  return { lines, faults };
}

function parseRoleLine(content: string, line: number): RoleLine | RoleFault {
  const colon = content.indexOf(':');
  if (colon < 0) return { line, message: `no ':' behind the role's name: '${content}'` };
  const role = content.slice(0, colon).trim();
  if (!NAME_PATTERN.test(role)) return { line, message: `'${role}' is no role name (lower-case words joined by '-')` };
  const words = content
    .slice(colon + 1)
    .split(/\s+/)
    .filter(Boolean);
  const entries = words.map(parseEntry);
  const bad = entries.indexOf(undefined);
  if (bad >= 0) return { line, message: `role ${role}: '${words[bad]}' is no rune, @role or -rune` };
  return { role, line, entries: entries.filter((entry) => entry !== undefined) };
}

function parseEntry(word: string): RoleEntry | undefined {
  const kind = word.startsWith('@') ? 'role' : word.startsWith('-') ? 'without' : 'rune';
  const name = kind === 'rune' ? word : word.slice(1);
  return NAME_PATTERN.test(name) ? { kind, name } : undefined;
}

/** The text of role lines; what parseRoles reads back. */
export function formatRoles(lines: readonly RoleLine[]): string {
  const mark = { rune: '', without: '-', role: '@' } as const;
  return lines
    .map(({ role, entries }) => `${role}: ${entries.map(({ kind, name }) => mark[kind] + name).join(' ')}\n`)
    .join('');
}
