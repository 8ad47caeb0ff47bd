// `viver runes explain ROLE`: the survey of a role as text, each line with its reason. Pure.

import { formatInterface, type OfferedInterface, type RuneManifest } from '../contract/manifest.ts';
import type { RuneReason } from '../roles/role-table.ts';
import { formatColumns } from './columns.ts';
import type { RoleSurvey, SurveyedRune, SurveyedStage } from './survey.ts';

const STAGE_WORDS = { configure: 'before the system starts', serve: 'from then until shutdown' } as const;

/** The whole page. */
export function formatExplanation(survey: RoleSurvey): string {
  const parts = [
    `role ${survey.role}\n`,
    section('runes, under the words that put them there', formatReasons(survey.runes)),
    section('dropped', formatColumns(survey.dropped.filter(({ wasThere }) => wasThere).map(droppedRow), '  ')),
    section('in place of others', formatColumns(survey.runes.flatMap(overridingRow), '  ')),
    section('settings', formatColumns(survey.runes.flatMap(settingRows), '  ')),
    ...survey.stages.map((stage) => formatStage(stage, survey)),
    section('left out, or faulty', survey.faults.map((fault) => `  ${fault}\n`).join('')),
  ];
  return parts.filter(Boolean).join('\n');
}

function section(title: string, text: string): string {
  return text === '' ? '' : `${title}\n${text}`;
}

/** Runes that came by the same words stand together. */
function formatReasons(runes: readonly SurveyedRune[]): string {
  const byReason = Map.groupBy(runes, ({ reason }) => formatReason(reason));
  return [...byReason]
    .map(([reason, group]) => `  ${reason}:\n    ${group.map(({ name }) => name).join(' ')}\n`)
    .join('');
}

/** `lab (etc/RUNES/roles:3) takes @node: node (built in)`: the way of words down to the rune's own. */
export function formatReason(reason: RuneReason): string {
  const { role, at, through } = reason;
  const word = `${role} (${at})`;
  if (!through) return word;
  return `${word} takes ${through.role === role ? 'its older self' : `@${through.role}`}: ${formatReason(through)}`;
}

function droppedRow({ rune, role, at }: RoleSurvey['dropped'][number]): string[] {
  return [rune, `-${rune} in ${role} (${at})`];
}

function overridingRow({ name, manifest, inPlaceOf }: SurveyedRune): string[][] {
  return manifest && inPlaceOf.length > 0 ? [[name, `${manifest.origin} in place of ${inPlaceOf.join(', ')}`]] : [];
}

/** Longer ones are lists that a rune is given whole. */
const VALUE_CHARACTERS = 80;

function settingRows({ name, settings }: SurveyedRune): string[][] {
  return settings.map(({ key, value, at }, index) => {
    const text = JSON.stringify(value) ?? '';
    const shown = text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS)}…` : text;
    return [index === 0 ? name : '', `${key}=${shown}`, at ?? 'default'];
  });
}

function formatStage({ stage, levels, providers }: SurveyedStage, { runes }: RoleSurvey): string {
  const manifests = new Map(runes.flatMap(({ name, manifest }) => (manifest ? [[name, manifest] as const] : [])));
  const planned = new Set(levels.flat());
  const rows = levels.flatMap((level, index) =>
    level.map((name) => [String(index + 1), name, whyNow(manifests.get(name), providers, planned)]),
  );
  return section(
    `stage ${stage}, ${STAGE_WORDS[stage]}; runes of one number start together`,
    formatColumns(rows, '  '),
  );
}

function formatOffer(offered: OfferedInterface): string {
  return formatInterface(offered) + (offered.reach ? ' to the room' : '');
}

/** Which offers meet the needs of a rune, what it offers itself, which runes it waits for all the same. */
function whyNow(
  manifest: RuneManifest | undefined,
  providers: SurveyedStage['providers'],
  planned: ReadonlySet<string>,
): string {
  if (!manifest) return '';
  const needs = manifest.needs.map((need) => `${formatInterface(need)} of ${providers[need.name]}`);
  const after = manifest.after.filter((name) => planned.has(name));
  return [
    ...(needs.length > 0 ? [`needs ${needs.join(', ')}`] : []),
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
    ...(manifest.offers.length > 0 ? [`offers ${manifest.offers.map(formatOffer).join(', ')}`] : []),
    ...(manifest.seeks ? [`seeks ${manifest.seeks.map(formatInterface).join(', ')} in the room`] : []),
  ].join('; ');
}
