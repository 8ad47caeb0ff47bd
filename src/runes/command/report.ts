// What `viver runes list`, `check` and `explain` print, of the folders on the desk.

import { existsSync } from 'node:fs';
import { askRunes } from '../../control/control-socket.ts';
import { ViverError } from '../../errors.ts';
import { type KnownMachines, knownMachines } from '../machines/known-machines.ts';
import { type MergedRoles, mergedRoles } from '../roles/merged-roles.ts';
import type { RuneFolder } from '../roles/rune-folder.ts';
import { mergedSettings } from '../settings/merged-settings.ts';
import { checkRoles, formatCheck } from '../survey/check.ts';
import { type DeskPlaces, readDeskFolders } from '../survey/desk-folders.ts';
import { formatExplanation } from '../survey/explain.ts';
import { formatList, listRole, listRunes } from '../survey/list.ts';
import { formatMachineRunes, type MachineRunes } from '../survey/machine-runes.ts';
import { knownRunes } from '../survey/manifests.ts';
import { surveyRole } from '../survey/survey.ts';
import { parseUsers } from '../users/parse-users.ts';

/** Files on the desk; without any, the process behind the socket. */
export interface SurveyPlaces extends DeskPlaces {
  readonly socket: string;
}

/** Without a place, on a booted machine: what its process read at the start. */
async function readFolders(places: SurveyPlaces): Promise<readonly RuneFolder[]> {
  const here = await machineHere(places);
  return here ? here.folders : readDeskFolders(places);
}

/** The runes of the machine that this command runs on, if it is a booted one and no other place is named. */
async function machineHere({ root, medium, socket }: SurveyPlaces): Promise<MachineRunes | undefined> {
  if (root !== undefined || medium !== undefined || !existsSync(socket)) return undefined;
  return askRunes(socket);
}

/** @throws ViverError RUNES_NO_DIRECTORY, CONTROL_UNREACHABLE */
async function readDesk(places: SurveyPlaces) {
  const folders = await readFolders(places);
  const settings = mergedSettings(folders);
  const known = await knownRunes(folders, settings);
  return { merged: mergedRoles(folders), known, settings, machines: knownMachines(folders), folders };
}

/** The runes there are, or those of `role`; on a booted machine, those that ran and run. */
export async function reportList(places: SurveyPlaces, role: string | undefined, json: boolean): Promise<string> {
  const here = role === undefined ? await machineHere(places) : undefined;
  if (here) return json ? toJson(here) : formatMachineRunes(here);
  const { merged, known } = await readDesk(places);
  const runes = role === undefined ? listRunes(merged, known) : listRole(role, merged, known);
  return json ? toJson(runes) : formatList(runes);
}

/** @param roles Empty for all. */
export async function reportCheck(places: SurveyPlaces, roles: readonly string[]) {
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

/**
 * Why a role runs what it runs.
 * @param wanted Without it, on a booted machine: its own role.
 */
export async function reportExplanation(
  places: SurveyPlaces,
  wanted: string | undefined,
  json: boolean,
): Promise<string> {
  const role = wanted ?? (await machineHere(places))?.role;
  if (role === undefined)
    throw new ViverError('RUNES_RUN_WHAT', 'name a role; only a booted machine has one of its own');
  const { merged, known } = await readDesk(places);
  const survey = surveyRole(role, merged, known);
  return json ? toJson(survey) : formatExplanation(survey);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
