// What `viver runes list`, `check` and `explain` print, of the folders on the desk.

import { mergedRoles } from '../roles/merged-roles.ts';
import { checkRoles, formatCheck } from '../survey/check.ts';
import { type DeskPlaces, readDeskFolders } from '../survey/desk-folders.ts';
import { formatExplanation } from '../survey/explain.ts';
import { formatList, listRole, listRunes } from '../survey/list.ts';
import { knownRunes } from '../survey/manifests.ts';
import { surveyRole } from '../survey/survey.ts';

/** @throws ViverError RUNES_NO_DIRECTORY */
async function readDesk(places: DeskPlaces) {
  const folders = await readDeskFolders(places);
  return { merged: mergedRoles(folders), known: await knownRunes(folders) };
}

/** The runes there are, or those of `role`. */
export async function reportList(places: DeskPlaces, role: string | undefined, json: boolean): Promise<string> {
  const { merged, known } = await readDesk(places);
  const runes = role === undefined ? listRunes(merged, known) : listRole(role, merged, known);
  return json ? toJson(runes) : formatList(runes);
}

/** @param roles Empty for all. */
export async function reportCheck(places: DeskPlaces, roles: readonly string[]) {
  const { merged, known } = await readDesk(places);
  const result = checkRoles(roles, merged, known);
  return { text: formatCheck(result), isGood: result.faults.length === 0 };
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
