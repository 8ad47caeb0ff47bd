// The settings of runes (RUNES/settings): one rune per line, `RUNE key=value ...`, comments behind '#'. A value that is JSON counts as such, any other is a
// text; "double quotes" keep blanks. Whether the rune takes it is for the rune's schema to say. Faults carry line numbers. Pure.

import { NAME_PATTERN } from '../roles/role-names.ts';

export type RuneSettings = Readonly<Record<string, unknown>>;

export interface SettingsFault {
  /** 1-based; 0 when the fault belongs to no line. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedSettings {
  /** By rune; several lines of one rune count together, the last value of a key wins. */
  readonly settings: Readonly<Record<string, RuneSettings>>;
  /** Rune -> key -> the line that its value stands in. */
  readonly lines: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: readonly SettingsFault[];
}

/** What people write by hand. */
export const MAX_SETTINGS_BYTES = 64 * 1024;

const WORD = /(?:[^\s"]|"[^"]*"?)+/g;

/** Parses the text of one file. Never throws. */
export function parseSettings(text: string): ParsedSettings {
  if (text.length > MAX_SETTINGS_BYTES) {
    return { settings: {}, lines: {}, faults: [{ line: 0, message: `longer than ${MAX_SETTINGS_BYTES} bytes` }] };
  }
  const settings = new Map<string, Record<string, unknown>>();
  const lines = new Map<string, Record<string, number>>();
  const faults: SettingsFault[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const all = raw.match(WORD) ?? [];
    const comment = all.findIndex((word) => word.startsWith('#'));
    const [rune, ...words] = comment < 0 ? all : all.slice(0, comment);
    if (rune === undefined) continue;
    const parsed = NAME_PATTERN.test(rune) ? parseWords(words) : `'${rune}' is no rune's name`;
    if (typeof parsed === 'string') faults.push({ line: index + 1, message: parsed });
    else {
      settings.set(rune, { ...settings.get(rune), ...parsed });
      lines.set(rune, { ...lines.get(rune), ...linesOf(parsed, index + 1) });
    }
  }
  return { settings: Object.fromEntries(settings), lines: Object.fromEntries(lines), faults };
}

function linesOf(settings: RuneSettings, line: number): Record<string, number> {
  return Object.fromEntries(Object.keys(settings).map((key) => [key, line]));
}

function parseWords(words: readonly string[]): Record<string, unknown> | string {
  const pairs: [string, unknown][] = [];
  for (const word of words) {
    const [, key, value = ''] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(word) ?? [];
    if (key === undefined) return `'${word}' is no key=value`;
    pairs.push([key, readValue(value)]);
  }
  return Object.fromEntries(pairs);
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
