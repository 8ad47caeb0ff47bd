// Which partitions of this PC its new system uses: swap that is there, and what somebody asks for, by a setting or by a label that says so. Others
// are not touched, none is formatted, and nothing on a machine whose own system only sleeps is mounted. Pure.

import type { DriveFacts } from '../../contract/facts.ts';
import type { FstabEntry } from './fstab-entries.ts';

export interface PartitionWishes {
  readonly swap: 'found' | 'none';
  /** `LABEL=…`, `UUID=…` or `none`; without one the label below is the wish. */
  readonly home?: string | undefined;
  readonly scratch?: string | undefined;
}

export interface PartitionPlan {
  readonly entries: readonly FstabEntry[];
  /** What is done and what is not, one line each. */
  readonly notes: readonly string[];
}

/** A file system with this label, on a drive that is built in, is a request by itself. XFS takes 12 characters of a label. */
const PLACES = [
  { target: '/home', wish: 'home', label: 'viver-home' },
  { target: '/scratch', wish: 'scratch', label: 'viver-tmp' },
] as const;

/** File systems with owners and rights; a Windows partition is none. */
const MOUNTABLE = ['ext4', 'ext3', 'ext2', 'xfs', 'btrfs', 'f2fs'];
/** Below zram's 100, above nothing. */
const DISK_SWAP_PRIORITY = 10;
/** No boot waits for it (nofail). On a slow, busy machine udev alone takes half a minute to start. */
const FOUND = ['nofail', 'x-systemd.device-timeout=90s'];
/** It may come late, or never. */
const AWAITED = ['nofail', 'x-systemd.device-timeout=15s'];

export function planPartitions(drives: readonly DriveFacts[], wishes: PartitionWishes): PartitionPlan {
  const swap = wishes.swap === 'found' ? planSwap(drives) : { entries: [], notes: [] };
  const asleep = drives.find(({ type }) => type === 'swsuspend');
  const places = PLACES.map(({ target, wish, label }) => planPlace(drives, target, wishes[wish], label, asleep));
  return {
    entries: [...swap.entries, ...places.flatMap(({ entries }) => entries)],
    notes: [...swap.notes, ...places.flatMap(({ notes }) => notes)],
  };
}

function planSwap(drives: readonly DriveFacts[]): PartitionPlan {
  const asleep = drives.filter(({ type }) => type === 'swsuspend');
  const found = drives.filter((drive) => drive.type === 'swap' && isBuiltIn(drive));
  return {
    entries: found.map((drive) => ({
      source: drive.uuid ? `UUID=${drive.uuid}` : drive.device,
      target: 'none',
      type: 'swap',
      options: ['sw', `pri=${DISK_SWAP_PRIORITY}`, ...FOUND],
    })),
    notes: [
      ...found.map(({ device, sizeBytes }) => `swap on ${device}, ${Math.round(sizeBytes / 2 ** 20)} MiB`),
      ...asleep.map(({ device }) => `${device} holds a hibernated system and is left alone`),
    ],
  };
}

function planPlace(
  drives: readonly DriveFacts[],
  target: string,
  wish: string | undefined,
  label: string,
  asleep: DriveFacts | undefined,
): PartitionPlan {
  if (wish === 'none') return { entries: [], notes: [] };
  const source = wish ?? `LABEL=${label}`;
  const named = drives.filter((drive) => isNamed(drive, source));
  const [found] = wish === undefined ? named.filter(isBuiltIn) : named;
  if (!found && wish === undefined) return { entries: [], notes: [] };
  const fault = faultOf(named, found, asleep);
  if (fault) return { entries: [], notes: [`${target}: ${source} is not mounted: ${fault}`] };
  // Asked for and not seen yet: a drive may come late.
  const type = found?.type ?? MOUNTABLE.join(',');
  const options = ['defaults', 'nosuid', 'nodev', ...(found ? FOUND : AWAITED)];
  const entry = { source, target, type, options };
  const where = found ? `${found.type} on ${found.device}` : 'not seen yet';
  return { entries: [entry], notes: [`${target} is ${source}, ${where}`] };
}

function faultOf(
  named: readonly DriveFacts[],
  found: DriveFacts | undefined,
  asleep: DriveFacts | undefined,
): string | undefined {
  if (named.length > 1) return `${named.map(({ device }) => device).join(' and ')} have that name`;
  if (found && !MOUNTABLE.includes(found.type)) return `${found.device} is ${found.type}`;
  return asleep && `${asleep.device} holds a hibernated system, which may have it open`;
}

function isNamed({ label, uuid }: DriveFacts, source: string): boolean {
  return source === `LABEL=${label}` || source.toLowerCase() === `uuid=${uuid?.toLowerCase()}`;
}

/** What somebody may pull out while the system swaps to it is none, and flash cards wear out. */
function isBuiltIn({ removable, readOnly, transport }: DriveFacts): boolean {
  return !removable && !readOnly && !['usb', 'firewire', 'mmc'].includes(transport);
}
