// `viver runes list`: the runes there are and who names them, or those of one role in the order of their start. Pure.

import type { RuneManifest } from '../contract/manifest.ts';
import { STAGES } from '../contract/rune.ts';
import type { MergedRoles } from '../roles/merged-roles.ts';
import { resolveRole } from '../roles/role-table.ts';
import { formatColumns } from './columns.ts';
import type { KnownRunes } from './manifests.ts';
import { surveyRole } from './survey.ts';

export interface ListedRune {
  readonly rune: string;
  readonly version: number;
  readonly stage: string;
  readonly origin: string;
  /** Roles that it would run in. */
  readonly roles: readonly string[];
  readonly summary: string;
}

/** All runes: those of `configure` first, and by name. */
export function listRunes({ table }: MergedRoles, { manifests }: KnownRunes): ListedRune[] {
  const roles = [...table.keys()].map((role) => ({ role, runes: new Set(resolveRole(table, role).runes) }));
  const rolesOf = (name: string) => roles.filter(({ runes }) => runes.has(name)).map(({ role }) => role);
  const place = ({ stage, name }: RuneManifest) => `${STAGES.indexOf(stage)} ${name}`;
  return [...manifests.values()]
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .map((manifest) => listed(manifest, rolesOf(manifest.name)));
}

/** Those that start in `role`, in the order of their start. */
export function listRole(role: string, merged: MergedRoles, known: KnownRunes): ListedRune[] {
  const order = surveyRole(role, merged, known).stages.flatMap(({ levels }) => levels.flat());
  return order.flatMap((name) => {
    const manifest = known.manifests.get(name);
    return manifest ? [listed(manifest, [role])] : [];
  });
}

function listed({ name, version, stage, origin, summary }: RuneManifest, roles: string[]): ListedRune {
  return { rune: name, version, stage, origin, roles, summary };
}

/** A table for a terminal. */
export function formatList(runes: readonly ListedRune[]): string {
  const rows = runes.map(({ rune, stage, origin, roles, summary }) => [
    rune,
    stage,
    roles.join(' ') || '-',
    origin,
    summary,
  ]);
  return formatColumns([['RUNE', 'STAGE', 'ROLES', 'FROM', 'WHAT IT DOES'], ...rows]);
}
