// How much RAM a node gives: `512M`, `2G`, `25%`, or `all` for a copy of the whole image. Pure.

import { type Amount, amountBytes, parseAmount } from '../amount.ts';

export type Share = Amount | 'all';

/** Undefined when `text` is no share. */
export function parseShare(text: string): Share | undefined {
  return text === 'all' ? 'all' : parseAmount(text);
}

/** What the field is told on a machine with `ramBytes` of memory. */
export function shareBytes(share: Share, ramBytes: number): number | 'whole' {
  return share === 'all' ? 'whole' : amountBytes(share, ramBytes);
}
