// The settings that the RUNES folders give the runes, with the lists that single runes get whole. Pure.

import type { RuneFolder } from '../roles/rune-folder.ts';
import { parseSettings, type RuneSettings } from './parse-settings.ts';

export interface MergedSettings {
  readonly settings: Readonly<Record<string, RuneSettings>>;
  /** Rune -> key -> `FILE:LINE` of the value that counts. */
  readonly places: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** `FILE:LINE: what is wrong` */
  readonly faults: readonly string[];
}

/** @param folders The later wins, key by key. */
export function mergedSettings(folders: readonly Pick<RuneFolder, 'settings' | 'users'>[]): MergedSettings {
  let settings: Readonly<Record<string, RuneSettings>> = {};
  const places: Record<string, Record<string, string>> = {};
  const faults: string[] = [];
  for (const { settings: file } of folders) {
    if (!file) continue;
    const parsed = parseSettings(file.text);
    for (const { line, message } of parsed.faults) faults.push(`${file.path}:${line}: ${message}`);
    settings = laidOver(settings, parsed.settings);
    for (const [rune, lines] of Object.entries(parsed.lines)) {
      const own = Object.entries(lines).map(([key, line]) => [key, `${file.path}:${line}`] as const);
      places[rune] = { ...places[rune], ...Object.fromEntries(own) };
    }
  }
  const lists = folders.flatMap(({ users }) => (users ? [users] : []));
  return { settings: lists.length > 0 ? laidOver(settings, { users: { lists } }) : settings, places, faults };
}

/** `FILE:LINE` of the setting that an error names: `settings of clock: zone: …`; undefined when no file has it. */
export function placeOfSetting(message: string, places: Readonly<Record<string, string>> = {}): string | undefined {
  const key = /\bsettings of [\w-]+: (\w+)/.exec(message)?.[1];
  return key !== undefined && Object.hasOwn(places, key) ? places[key] : undefined;
}

/** `over` wins, key by key of each rune. */
export function laidOver(
  under: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, RuneSettings> {
  const runes = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...runes].map((rune) => [rune, { ...asObject(under[rune]), ...asObject(over[rune]) }]));
}

function asObject(value: unknown): RuneSettings {
  return typeof value === 'object' && value !== null ? (value as RuneSettings) : {};
}
