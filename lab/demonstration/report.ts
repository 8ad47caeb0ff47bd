// What the demonstration found, as data for out/lab/report.json and as a table for the terminal. Pure.

import type { Phase } from '../console.ts';

export interface NodeReport {
  readonly name: string;
  readonly firmware: string;
  readonly nic: string;
  readonly medium: string;
  /** Seconds since power-on. */
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
  readonly bytesFrom: { readonly local: number; readonly peers: Readonly<Record<string, number>> };
}

export interface CheckReport {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface DemonstrationReport {
  readonly ok: boolean;
  readonly nodes: readonly NodeReport[];
  readonly checks: readonly CheckReport[];
}

/** Phases that have a column in the table. */
const COLUMNS = ['kernel', 'start', 'image', 'handover', 'multi-user'] as const;

export function reportPhases(phases: readonly Phase[]): { name: string; seconds: number }[] {
  return phases.map(({ name, seconds }) => ({ name, seconds }));
}

/** A run without any check has shown nothing. */
export function createReport(nodes: readonly NodeReport[], checks: readonly CheckReport[]): DemonstrationReport {
  return { ok: checks.length > 0 && checks.every((check) => check.ok), nodes, checks };
}

/** The table at the end: a row per start of a machine, seconds since its power-on, and where its bytes came from. */
export function formatReport(report: DemonstrationReport): string {
  const head = ['machine', 'firmware', 'nic', 'medium', ...COLUMNS, 'local', 'from peers'];
  const rows = report.nodes.map((node) => [
    node.name,
    node.firmware,
    node.nic,
    node.medium,
    ...COLUMNS.map((name) => node.phases.find((phase) => phase.name === name)?.seconds.toFixed(1) ?? '-'),
    mebibytes(node.bytesFrom.local),
    mebibytes(Object.values(node.bytesFrom.peers).reduce((sum, bytes) => sum + bytes, 0)),
  ]);
  return [...alignColumns([head, ...rows]), '', ...report.checks.map(checkLine)].join('\n');
}

export function checkLine(check: CheckReport): string {
  return `${check.ok ? 'ok  ' : 'FAIL'} ${check.name}: ${check.detail}`;
}

/** Rows of a table for the terminal, their cells padded to the widest of each column. */
export function alignColumns(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
