// Which of the images that were found is taken: the one on the medium that looks fastest, unless the command line names an image or
// a kind of medium. Every candidate gets points and the reasons for them, so that the choice can be explained. Pure.

import { formatCandidate, type ImageCandidate } from './candidate.ts';
import type { Drive } from './drives.ts';
import type { FoundFileSystem } from './filesystems.ts';

/** What `viver.image=` and `viver.media=` ask for. */
export interface WantedImage {
  /** File name or label, with or without `.viver`. */
  readonly image?: string;
  /** Kinds of medium, device names, LABEL=x, UUID=x; the first is wanted most. */
  readonly media?: readonly string[];
}

export interface Score {
  readonly points: number;
  readonly reasons: readonly string[];
}

export interface ScoredCandidate<C extends ImageCandidate = ImageCandidate> {
  readonly candidate: C;
  readonly score: Score;
}

export interface ImageChoice<C extends ImageCandidate = ImageCandidate> {
  readonly chosen: C;
  /** Best first; the first is the chosen one. */
  readonly ranking: readonly ScoredCandidate<C>[];
  /** What was asked for and is nowhere. */
  readonly unmet: readonly string[];
}

/** Kinds that `viver.media=` may name. */
export const MEDIA_KINDS = [
  'usb',
  'nvme',
  'ssd',
  'hdd',
  'sata',
  'ide',
  'scsi',
  'cd',
  'mmc',
  'flash',
  'virtio',
] as const;

const USB3_MEGABITS = 5000;
const WANTED_IMAGE_POINTS = 100_000;
const WANTED_MEDIA_POINTS = 10_000;
const MAX_RANKED_MEDIA = 8;

/** How fast a drive looks, of 900. The distances have no meaning, only the order has. */
export function speedOf(drive: Drive): Score {
  const [points, reason] = speedRow(drive);
  return { points, reasons: [`${reason} ${points}`] };
}

function speedRow(drive: Drive): [number, string] {
  if (drive.optical) return [100, 'cd'];
  if (drive.transport === 'nvme') return [900, 'nvme'];
  if (drive.transport === 'usb') return isUsb3(drive) ? [500, 'usb3'] : [300, 'usb2'];
  if (drive.transport === 'mmc') return [400, 'mmc'];
  if (drive.transport === 'virtio') return [700, 'virtual disk'];
  // Many a virtual disk says that it turns; of real ones only those on ATA and SCSI are told apart by it.
  if (drive.rotational) return [600, 'hdd'];
  if (drive.transport === 'sata' || drive.transport === 'ide') return [800, 'ssd'];
  return [700, `${drive.transport} disk`];
}

/** All kinds of medium that a drive is, for `viver.media=`. */
export function kindsOf(drive: Drive): string[] {
  if (drive.optical) return ['cd', drive.transport];
  const kinds: string[] = [drive.transport];
  const isDisk = drive.transport === 'sata' || drive.transport === 'ide' || drive.transport === 'scsi';
  if (isDisk) kinds.push(drive.rotational ? 'hdd' : 'ssd');
  if (drive.transport === 'nvme') kinds.push('ssd');
  if (drive.transport === 'usb' || drive.transport === 'mmc') kinds.push('flash');
  return kinds;
}

/** Place of the drive in the wish list `viver.media=`: 0 for the first wish, undefined for none. */
export function mediaWish(drive: Drive, fileSystem: FoundFileSystem | undefined, media: readonly string[]) {
  const place = media.findIndex((wish) => fulfils(drive, fileSystem, wish));
  return place < 0 ? undefined : place;
}

/** True when file name or label is what `viver.image=` names. */
export function isWantedImage(candidate: ImageCandidate, wanted: string): boolean {
  const name = withoutEnding(wanted);
  const file = candidate.path.slice(candidate.path.lastIndexOf('/') + 1);
  return withoutEnding(file) === name || candidate.metainfo.image.label.toLowerCase() === name;
}

/** Points of one candidate with the reasons. */
export function scoreCandidate(candidate: ImageCandidate, wanted: WantedImage): Score {
  const speed = speedOf(candidate.drive);
  let points = speed.points;
  const reasons = [...speed.reasons];
  if (wanted.image && isWantedImage(candidate, wanted.image)) {
    points += WANTED_IMAGE_POINTS;
    reasons.unshift(`viver.image=${wanted.image}`);
  }
  const wish = mediaWish(candidate.drive, candidate.fileSystem, wanted.media ?? []);
  if (wish !== undefined) {
    points += WANTED_MEDIA_POINTS * (MAX_RANKED_MEDIA - Math.min(wish, MAX_RANKED_MEDIA - 1));
    reasons.unshift(`viver.media=${wanted.media![wish]}`);
  }
  return { points, reasons };
}

/** The best candidate; of equals the newer image, then the device whose name comes first. Undefined when there is none. */
export function chooseImage<C extends ImageCandidate>(
  candidates: readonly C[],
  wanted: WantedImage,
): ImageChoice<C> | undefined {
  const ranking = candidates.map((candidate) => ({ candidate, score: scoreCandidate(candidate, wanted) })).sort(byRank);
  const chosen = ranking[0]?.candidate;
  if (!chosen) return undefined;
  return { chosen, ranking, unmet: unmetWishes(chosen, wanted) };
}

/** True when there is an image and all that was asked for is met, which is nothing when nothing was. */
export function isFulfilled(choice: ImageChoice | undefined, wanted: WantedImage): boolean {
  return choice !== undefined && unmetWishes(choice.chosen, wanted).length === 0;
}

/** Lines for the console: what was taken and why, and the others. */
export function describeChoice(choice: ImageChoice): string[] {
  const [first, ...others] = choice.ranking;
  const lines = choice.unmet.map((wish) => `${wish} is on no drive; taking what is there`);
  lines.push(`image ${formatCandidate(first!.candidate)}: ${first!.score.reasons.join(', ')}`);
  for (const { candidate, score } of others)
    lines.push(`  not ${formatCandidate(candidate)}: ${score.reasons.join(', ')}`);
  return lines;
}

function unmetWishes(chosen: ImageCandidate, { image, media = [] }: WantedImage): string[] {
  const unmet: string[] = [];
  if (image && !isWantedImage(chosen, image)) unmet.push(`viver.image=${image}`);
  if (media.length > 0 && mediaWish(chosen.drive, chosen.fileSystem, media) === undefined) {
    unmet.push(`viver.media=${media.join(',')}`);
  }
  return unmet;
}

function byRank(a: ScoredCandidate, b: ScoredCandidate): number {
  return (
    b.score.points - a.score.points ||
    (b.candidate.metainfo.createdSeconds ?? 0) - (a.candidate.metainfo.createdSeconds ?? 0) ||
    (a.candidate.path < b.candidate.path ? -1 : 1)
  );
}

function fulfils(drive: Drive, fileSystem: FoundFileSystem | undefined, wish: string): boolean {
  const [key, value] = wish.split('=', 2);
  if (key === 'LABEL') return value !== undefined && fileSystem?.label === value;
  if (key === 'UUID') return value !== undefined && fileSystem?.uuid?.toLowerCase() === value.toLowerCase();
  const name = wish.replace(/^\/dev\//, '');
  return name === drive.name || name === drive.partitionOf || kindsOf(drive).includes(wish.toLowerCase());
}

function isUsb3(drive: Drive): boolean {
  return (drive.usbSpeed ?? 0) >= USB3_MEGABITS;
}

function withoutEnding(name: string): string {
  return name.toLowerCase().replace(/\.viver$/, '');
}
