// What a role would run: which runes, why each, in which order, what is left out. The data behind `viver runes list`, `check` and `explain`. Pure.

import type { InterfaceId, RuneManifest } from '../contract/manifest.ts';
import { STAGES, type Stage } from '../contract/rune.ts';
import { type PlanFault, planRunes } from '../host/plan.ts';
import type { MergedRoles } from '../roles/merged-roles.ts';
import { type DroppedRune, formatRoleFault, type RuneReason, resolveRole } from '../roles/role-table.ts';
import type { KnownRunes } from './manifests.ts';
import type { SettledSetting } from './settle.ts';

/** What the host process itself offers to runes of a stage. */
export const HOST_OFFERS: Readonly<Record<Stage, readonly InterfaceId[]>> = {
  configure: [{ name: 'hooks', version: 1 }],
  serve: [{ name: 'field', version: 1 }],
};

export interface SurveyedRune {
  readonly name: string;
  readonly reason: RuneReason;
  /** Undefined when it could not be loaded. */
  readonly manifest?: RuneManifest;
  readonly inPlaceOf: readonly string[];
  readonly settings: readonly SettledSetting[];
}

export interface SurveyedStage {
  readonly stage: Stage;
  /** Runes of one level start at the same time. */
  readonly levels: readonly (readonly string[])[];
  /** Interface -> who offers it. */
  readonly providers: Readonly<Record<string, string>>;
}

export interface RoleSurvey {
  readonly role: string;
  /** In the order of the role tables. */
  readonly runes: readonly SurveyedRune[];
  readonly dropped: readonly DroppedRune[];
  readonly stages: readonly SurveyedStage[];
  /** One line each; empty when all is well. */
  readonly faults: readonly string[];
}

/** What `role` would run, of the runes that are known. */
export function surveyRole(role: string, { table }: MergedRoles, known: KnownRunes): RoleSurvey {
  const resolved = resolveRole(table, role);
  const runes = [...resolved.reasons].map(([name, reason]): SurveyedRune => {
    const manifest = known.manifests.get(name);
    const inPlaceOf = known.overridden.get(name) ?? [];
    return { name, reason, inPlaceOf, settings: known.settings.get(name) ?? [], ...(manifest ? { manifest } : {}) };
  });
  const manifests = runes.flatMap(({ manifest }) => (manifest ? [manifest] : []));
  const plans = STAGES.map((stage) => ({ stage, plan: planStage(stage, manifests) }));
  return {
    role,
    runes,
    dropped: resolved.dropped,
    stages: plans.map(({ stage, plan }) => ({
      stage,
      levels: plan.levels,
      providers: {
        ...Object.fromEntries(HOST_OFFERS[stage].map(({ name }) => [name, 'the host'])),
        ...Object.fromEntries(plan.providers),
      },
    })),
    faults: [
      ...resolved.faults.map(formatRoleFault),
      ...runes.flatMap((rune) => loadFaults(rune, known)),
      ...plans.flatMap(({ plan }) => plan.faults.map((fault) => placed(fault, runes))),
    ],
  };
}

function planStage(stage: Stage, manifests: readonly RuneManifest[]) {
  return planRunes(
    manifests.filter((manifest) => manifest.stage === stage),
    HOST_OFFERS[stage],
  );
}

/** What keeps the rune from being loaded, or is wrong with its settings. */
function loadFaults({ name, reason, manifest }: SurveyedRune, { faults }: KnownRunes): string[] {
  const own = faults.filter(({ rune }) => rune === name).map(({ message }) => message);
  if (manifest || own.length > 0) return own;
  return [`${wordPlace(reason)}: rune ${name}: no built-in rune and no file of that name`];
}

/** A plan's fault with the place where it is to be mended: the rune's file, or for a built-in one the word that put it into the role. */
function placed({ rune, message }: PlanFault, runes: readonly SurveyedRune[]): string {
  const found = runes.find(({ name }) => name === rune);
  if (!found?.manifest) return message;
  const { origin } = found.manifest;
  return `${origin === 'built-in' ? wordPlace(found.reason) : origin}: ${message}`;
}

/** Where the word stands that names the rune itself. */
function wordPlace({ at, through }: RuneReason): string {
  return through ? wordPlace(through) : at;
}
