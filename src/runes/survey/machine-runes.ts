// What runs on a booted machine, as its process says it: the data behind `viver runes list` there. Pure.

import { STAGES, type Stage } from '../contract/rune.ts';
import type { RuneStatus, SetAsideRune, StartedRune, StartReport } from '../host/options.ts';
import { type RuneFolder, runeNameOf } from '../roles/rune-folder.ts';
import { formatColumns } from './columns.ts';

/** A rune that serves, with the RAM of its process where it has one of its own. */
export interface ServingRune extends RuneStatus {
  readonly memoryBytes?: number;
}

export interface MachineRunes {
  readonly role: string;
  /** RUNES of the image and of the medium, as they were at the start. */
  readonly folders: readonly RuneFolder[];
  readonly configured: StartReport;
  /** Undefined until the runes of stage `serve` have started. */
  readonly serving?: { readonly report: StartReport; readonly runes: readonly ServingRune[] };
}

/** The role's runes with what became of each, and the faults that were found before anything started. */
export function formatMachineRunes({ role, folders, configured, serving }: MachineRunes): string {
  const origins = new Map(folders.flatMap(({ runes }) => runes.map(({ path }) => [runeNameOf(path), path] as const)));
  const row = (stage: Stage, rune: string, state: string, more: string) => {
    return [rune, stage, state, origins.get(rune) ?? 'built-in', more];
  };
  const [configure, serve] = STAGES;
  const rows = [
    ...configured.started.map((started) => row(configure, started.rune, 'done', formatStarted(started))),
    ...configured.setAside.map(({ rune, reason }: SetAsideRune) => row(configure, rune, 'set-aside', reason)),
    ...(serving?.runes ?? []).map((status) => row(serve, status.rune, status.state, formatServing(status))),
  ];
  const faults = [...configured.faults, ...(serving?.report.faults ?? [])].map((fault) => `fault: ${fault}\n`);
  const head = ['RUNE', 'STAGE', 'STATE', 'FROM', ''];
  return `role ${role}\n${formatColumns([head, ...rows])}${[...new Set(faults)].join('')}`;
}

function formatStarted({ milliseconds, changed }: StartedRune): string {
  return `${milliseconds} ms${changed.length > 0 ? `; changed ${changed.join(' ')}` : ''}`;
}

function formatServing({ reason, answered, failed, uncaughtErrors, memoryBytes }: ServingRune): string {
  const parts = [
    ...(reason === undefined ? [] : [reason]),
    `${answered} calls answered`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(uncaughtErrors > 0 ? [`${uncaughtErrors} uncaught errors`] : []),
    ...(memoryBytes === undefined ? [] : [`${(memoryBytes / 1e6).toFixed(1)} MB`]),
  ];
  return parts.join('; ');
}
