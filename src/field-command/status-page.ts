// The pages of `viver field status` for a person. Pure.

import type { FieldPeerStatus, FieldStatus } from '../vfield/field.ts';
import type { CommandStatus } from './command-status.ts';
import { formatBytes, formatCount } from './sizes.ts';
import { formatFact } from './terminal.ts';

/** One process: `now`, with the speeds since `before`. */
export function formatStatusPage(before: FieldFacts, now: StatusPage, seconds: number): string {
  const { field, image } = now;
  const facts: [string, string][] = [
    ['image', `${image.label} from ${image.source}`],
    ['process', now.processId === undefined ? now.role : `${now.processId}, ${now.role}`],
    ['size', `${formatBytes(field.sizeBytes)} in ${formatCount(field.pieces, 'piece')}`],
    ['held', heldWords(field)],
    ['copies', `${field.copies.min} of the rarest piece in the RAM of the room`],
    ['waiting', `${formatCount(field.waitingReads, 'read')}, for ${formatCount(field.waitingPieces, 'piece')}`],
    ...(now.nbd === undefined ? [] : [['nbd', now.nbd] as [string, string]]),
    ...(now.mount === undefined ? [] : [['mount', now.mount] as [string, string]]),
    ['peers', String(field.peers.length)],
  ];
  const lines = facts.map(([name, value]) => formatFact(name, value));
  return lines.join('') + formatTable(peerRows(before, field, seconds));
}

/** Several processes, one line each. @param found by the path of the control socket */
export function formatProcesses(found: readonly (readonly [socket: string, status: StatusPage])[]): string {
  const rows = found.map(([socket, { role, image, field }]) => [role, image.label, shortHeld(field), socket]);
  return formatTable([['ROLE', 'IMAGE', 'HELD', 'SOCKET'], ...rows]);
}

/** What a page shows of a field. */
export type FieldFacts = Pick<
  FieldStatus,
  'kind' | 'sizeBytes' | 'pieces' | 'kept' | 'shareBytes' | 'copies' | 'waitingReads' | 'waitingPieces' | 'peers'
>;

/** What a booted machine's process and a command's both say. */
export type StatusPage = Omit<CommandStatus, 'processId' | 'field'> &
  Pick<Partial<CommandStatus>, 'processId'> & { readonly field: FieldFacts };

function heldWords(field: FieldFacts): string {
  if (field.kind === 'medium') return 'the whole image, on the own medium';
  const { kept, pieces } = field;
  const share = `share ${formatBytes(field.shareBytes)}`;
  if (kept === pieces) return `complete: all ${formatCount(pieces, 'piece')}; ${share}`;
  return `${kept} of ${formatCount(pieces, 'piece')} (${Math.floor((kept / pieces) * 100)} %); ${share}`;
}

function shortHeld({ kind, kept, pieces }: FieldFacts): string {
  return kind === 'medium' || kept === pieces ? 'all' : `${Math.floor((kept / pieces) * 100)} %`;
}

function peerRows(before: FieldFacts, now: FieldFacts, seconds: number): string[][] {
  if (now.peers.length === 0) return [];
  const earlier = new Map(before.peers.map((peer) => [peer.id, peer]));
  const rows = now.peers.map((peer) => peerRow(peer, earlier.get(peer.id) ?? peer, now.pieces, seconds));
  return [['ADDRESS', 'KIND', 'HOLDS', 'FROM IT', 'TO IT', 'CLIENT'], ...rows];
}

function peerRow(peer: FieldPeerStatus, before: FieldPeerStatus, pieces: number, seconds: number): string[] {
  const speed = (bytes: number): string => `${formatBytes(bytes / seconds)}/s`;
  return [
    peer.address,
    peer.kind ?? 'client',
    peer.held === pieces ? 'all' : `${Math.floor((peer.held / pieces) * 100)} %`,
    speed(peer.bytesFrom - before.bytesFrom),
    speed(peer.bytesTo - before.bytesTo),
    peer.client,
  ];
}

/** Columns as wide as their widest cell. */
function formatTable(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
