// Values of the lab's command-line options: text in, number out, or commander's own complaint. Pure.

import { InvalidArgumentError } from 'commander';

/** Memory of a machine. */
export function parseMemory(text: string): number {
  const mebibytes = Number(text);
  if (!Number.isInteger(mebibytes) || mebibytes < 64) throw new InvalidArgumentError('must be 64 or more (MiB).');
  return mebibytes;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('must be 1 or more.');
  return count;
}

/** A part of the image; more than 1 is room to spare. */
export function parsePart(text: string): number {
  const part = Number(text);
  if (!(part >= 0 && part <= 2)) throw new InvalidArgumentError('must be 0 to 2.');
  return part;
}
