// What `viver runes list`, `check` and `explain` print, of the folders on the desk.

import { type KnownMachines, knownMachines } from '../machines/known-machines.ts';
import { type MergedRoles, mergedRoles } from '../roles/merged-roles.ts';
import type { RuneFolder } from '../roles/rune-folder.ts';
import { mergedSettings } from '../settings/merged-settings.ts';
import { checkRoles, formatCheck } from '../survey/check.ts';
import { type DeskPlaces, readDeskFolders } from '../survey/desk-folders.ts';
import { formatExplanation } from '../survey/explain.ts';
import { formatList, listRole, listRunes } from '../survey/list.ts';
import { knownRunes } from '../survey/manifests.ts';
import { surveyRole } from '../survey/survey.ts';
import { parseUsers } from '../users/parse-users.ts';

/** @throws ViverError RUNES_NO_DIRECTORY */
async function readDesk(places: DeskPlaces) {
  const folders = await readDeskFolders(places);
  const settings = mergedSettings(folders);
  const known = await knownRunes(folders, settings);
  return { merged: mergedRoles(folders), known, settings, machines: knownMachines(folders), folders };
}

/** The runes there are, or those of `role`. */
export async function reportList(places: DeskPlaces, role: string | undefined, json: boolean): Promise<string> {
  const { merged, known } = await readDesk(places);
  const runes = role === undefined ? listRunes(merged, known) : listRole(role, merged, known);
  return json ? toJson(runes) : formatList(runes);
}

/** @param roles Empty for all. */
export async function reportCheck(places: DeskPlaces, roles: readonly string[]) {
  const { merged, known, settings, machines, folders } = await readDesk(places);
  const checked = checkRoles(roles, merged, known, settings);
  const result = {
    ...checked,
    faults: [
      ...checked.faults,
      ...machines.faults,
      ...machineRoleFaults(machines, merged),
      ...settings.faults,
      ...userFaults(folders),
    ],
  };
  return { text: formatCheck(result), isGood: result.faults.length === 0 };
}

function machineRoleFaults({ machines }: KnownMachines, { table }: MergedRoles): string[] {
  const lost = machines.filter(({ role }) => role !== undefined && !table.has(role));
  return lost.map(({ name, role }) => `machine ${name}: no role table has ${role}`);
}

function userFaults(folders: readonly RuneFolder[]): string[] {
  return folders.flatMap(({ users }) =>
    users ? parseUsers(users.text).faults.map(({ line, message }) => `${users.path}:${line}: ${message}`) : [],
  );
}

/** Why a role runs what it runs. */
export async function reportExplanation(places: DeskPlaces, role: string, json: boolean): Promise<string> {
  const { merged, known } = await readDesk(places);
  const survey = surveyRole(role, merged, known);
  return json ? toJson(survey) : formatExplanation(survey);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
