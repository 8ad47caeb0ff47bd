// `viver runes check`: every fault of role tables and runes as one line that begins with the place where it is mended. Pure.

import type { MergedRoles } from '../roles/merged-roles.ts';
import type { MergedSettings } from '../settings/merged-settings.ts';
import type { KnownRunes } from './manifests.ts';
import { type RoleSurvey, surveyRole } from './survey.ts';

export interface CheckResult {
  readonly roles: readonly string[];
  /** The runes that the roles would run. */
  readonly runes: readonly string[];
  readonly faults: readonly string[];
  /** What is no fault and yet may not be meant. */
  readonly notes: readonly string[];
}

/** @param roles Empty for all that the tables have. */
export function checkRoles(
  roles: readonly string[],
  merged: MergedRoles,
  known: KnownRunes,
  { places }: Pick<MergedSettings, 'places'> = { places: {} },
): CheckResult {
  const names = roles.length > 0 ? roles : [...merged.table.keys()];
  const surveys = names.map((role) => surveyRole(role, merged, known));
  const runes = unique(surveys.flatMap((survey) => survey.runes.map(({ name }) => name)));
  const files = roles.length > 0 ? [] : known.faults.map(({ message }) => message);
  return {
    roles: names,
    runes,
    faults: unique([...merged.faults, ...surveys.flatMap(({ faults }) => faults), ...files]),
    notes: unique([
      ...surveys.flatMap(idleOmissions),
      ...(roles.length > 0 ? [] : unnamedFiles(known, runes)),
      ...idleSettings(places, known),
    ]),
  };
}

function idleOmissions({ dropped }: RoleSurvey): string[] {
  return dropped.flatMap(({ at, role, rune, wasThere }) =>
    wasThere ? [] : [`${at}: role ${role}: -${rune} drops nothing: no ${rune} stands before it`],
  );
}

function idleSettings(places: MergedSettings['places'], { manifests, faults }: KnownRunes): string[] {
  const isKnown = (name: string) => manifests.has(name) || faults.some(({ rune }) => rune === name);
  return Object.entries(places).flatMap(([rune, keys]) =>
    isKnown(rune) ? [] : Object.values(keys).map((place) => `${place}: settings of ${rune}, and there is no such rune`),
  );
}

function unnamedFiles({ manifests }: KnownRunes, named: readonly string[]): string[] {
  return [...manifests.values()]
    .filter(({ name, origin }) => origin !== 'built-in' && !named.includes(name))
    .map(({ name, origin }) => `${origin}: no role names ${name}`);
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

/** For a terminal: notes and faults, a line each, and one line that sums up. */
export function formatCheck({ roles, runes, faults, notes }: CheckResult): string {
  const sum = `${count(roles.length, 'role')}, ${count(runes.length, 'rune')}: ${faults.length === 0 ? 'no fault' : count(faults.length, 'fault')}`;
  return [...notes.map((note) => `note: ${note}`), ...faults, sum].map((line) => `${line}\n`).join('');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
