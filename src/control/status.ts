// What a running Viver process says of itself: the data behind `viver status`, as plain JSON.

import type { Member } from '../cluster/cluster.ts';
import type { FieldStatus } from '../vfield/field.ts';

/** Where the process answers the `viver` command. */
export const CONTROL_SOCKET = '/run/viver/control';

export interface PhaseTime {
  readonly name: string;
  /** Seconds since the kernel started. */
  readonly seconds: number;
}

/** What every process that takes part in a field says. */
export interface MemberStatus {
  /** Role of a booted machine; `seed` or `join` of a command. */
  readonly role: string;
  readonly image: { readonly label: string; readonly source: string };
  readonly field: FieldStatus;
}

export interface NodeStatus extends MemberStatus {
  readonly hostName?: string;
  readonly programVersion: string;
  readonly kernelRelease: string;
  readonly network?: {
    readonly interfaceName: string;
    readonly mac: string;
    readonly address: string;
    readonly origin: string;
  };
  readonly phases: readonly PhaseTime[];
  /** Name -> `running`, or why it does not run. Empty while nothing is served. */
  readonly runes: Readonly<Record<string, string>>;
  /** Machines of the room as this one sees them, itself among them; left out on a machine that is in none. */
  readonly members?: readonly Member[];
}

/** The page that `viver status` prints for a person. */
export function formatStatus(status: NodeStatus): string {
  const { field, network } = status;
  const rows: [string, string][] = [
    ['role', status.role],
    ['host name', status.hostName ?? '-'],
    [
      'network',
      network ? `${network.address} on ${network.interfaceName} (${network.mac}), ${network.origin}` : 'none',
    ],
    ['image', `${status.image.label} from ${status.image.source}, ${mebibytes(field.sizeBytes)}`],
    ['kernel', status.kernelRelease],
    ['field', `${field.held} of ${field.pieces} pieces held here, share ${mebibytes(field.shareBytes)}`],
    ['copies', `${field.copies.min} of the rarest piece in the RAM of the room`],
    ['waiting', `${field.waitingReads} reads; ${field.reads.waited} of ${field.reads.all} had to wait`],
    ['boot trace', field.bootTracePieces > 0 ? `${field.bootTracePieces} pieces` : 'none'],
    ['read', `${mebibytes(field.bytesFrom.local)} from the own medium`],
    ...Object.entries(field.bytesFrom.peers).map(([peer, bytes]): [string, string] => [
      '',
      `${mebibytes(bytes)} from ${peer}`,
    ]),
    ['room', status.members ? `${countOf(status.members)}: see viver members` : 'none'],
    ...Object.entries(status.runes).map(([rune, state]): [string, string] => ['rune', `${rune}: ${state}`]),
    ...status.phases.map(({ name, seconds }): [string, string] => ['phase', `${seconds.toFixed(2)} s ${name}`]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}\n`).join('');
}

function countOf({ length }: readonly Member[]): string {
  return length === 1 ? '1 machine' : `${length} machines`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
