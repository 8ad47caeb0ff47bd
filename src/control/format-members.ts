// The table that `viver members` prints for a person. Pure.

import type { Member, Offer } from '../cluster/cluster.ts';

/** One line for each machine, and under it one for each offer of its runes. */
export function formatMembers(members: readonly Member[] | undefined): string {
  if (!members) return 'this machine is in no room\n';
  const sorted = [...members].sort((one, other) => (one.name < other.name ? -1 : 1));
  const head = ['NAME', 'ADDRESS', 'ROLE', 'SINCE'];
  const rows = sorted.map(({ name, address, labels, since }) => [name, address, labels.role ?? '-', timeOf(since)]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  const lines = sorted.flatMap(({ offers }, index) => [line(rows[index] ?? []), ...offers.map(formatOffer)]);
  return [line(head), ...lines].map((text) => `${text.trimEnd()}\n`).join('');
}

function formatOffer({ name, version, labels, load }: Offer): string {
  const said = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `  ${[`${name} v${version}`, ...(load === undefined ? [] : [`load ${load.toFixed(2)}`]), ...said].join('  ')}`;
}

/** By the member's own clock, which may be wrong, and even no time at all. */
function timeOf(since: number): string {
  const date = new Date(since);
  return Number.isNaN(date.getTime()) ? '?' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
