// What a churn found, as data for out/lab/report-churn.json and as a table for the terminal. Pure.

import { bytesFromPeers } from '../demonstration/node-status.ts';
import { alignColumns, type CheckReport, checkLine, mebibytes } from '../demonstration/report.ts';
import type { Start } from './churn.ts';
import { addTallies, NO_READS, type ReadTally } from './reads.ts';

/** One start of a diskless PC; times are seconds since they were switched on together. */
export interface StartReport {
  readonly name: string;
  readonly onSeconds: number;
  readonly upSeconds?: number;
  readonly killedSeconds?: number;
  readonly replacedBy?: string;
  readonly reads: ReadTally;
  /** Absent of a PC that was killed: it is asked at the end. */
  readonly bytesFromPeers?: number;
}

export interface ChurnReport {
  readonly ok: boolean;
  readonly starts: readonly StartReport[];
  readonly reads: ReadTally;
  readonly checks: readonly CheckReport[];
}

export function reportStart({ node, place: _, ...times }: Start): StartReport {
  return { name: node.label, ...times, ...(node.field ? { bytesFromPeers: bytesFromPeers(node.field) } : {}) };
}

/** A run without any check, or without any read, has shown nothing. */
export function createChurnReport(starts: readonly StartReport[], checks: readonly CheckReport[]): ChurnReport {
  const reads = starts.map((start) => start.reads).reduce(addTallies, NO_READS);
  return { ok: checks.length > 0 && reads.tried > 0 && checks.every((check) => check.ok), starts, reads, checks };
}

/** A row per start of a PC, a line of sums, a line per check. */
export function formatChurnReport({ starts, reads, checks }: ChurnReport): string {
  const head = ['machine', 'on at s', 'up at s', 'killed at s', 'then', 'files read', 'wrong', 'failed', 'longest s'];
  const rows = starts.map((start) => [
    start.name,
    ...[start.onSeconds, start.upSeconds, start.killedSeconds].map((seconds) => seconds?.toFixed(0) ?? '-'),
    start.replacedBy ?? '-',
    ...tallyCells(start.reads),
    start.bytesFromPeers === undefined ? '-' : mebibytes(start.bytesFromPeers),
  ]);
  const sum = ['all', '', '', '', '', ...tallyCells(reads), ''];
  return [...alignColumns([[...head, 'from peers'], ...rows, sum]), '', ...checks.map(checkLine)].join('\n');
}

function tallyCells({ tried, wrong, failed, longestSeconds }: ReadTally): string[] {
  return [`${tried}`, `${wrong}`, `${failed}`, longestSeconds.toFixed(1)];
}
