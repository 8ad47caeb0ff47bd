// Amounts of memory as a person writes them. Pure.

/** An amount of memory: bytes, or a part of the RAM. */
export type Amount = { readonly bytes: number } | { readonly percent: number };

/** RAM that a machine gives to the field when nobody says how much. */
export const DEFAULT_SHARE: Amount = { percent: 25 };

/** `512M`, `2G`, `4096` (bytes) or `25%`; undefined for anything else. */
export function parseAmount(text: string): Amount | undefined {
  const match = /^(\d{1,12})([KMGT%]?)$/i.exec(text);
  if (!match) return undefined;
  const number = Number(match[1]);
  const unit = match[2]!.toUpperCase();
  if (unit === '%') return number <= 100 ? { percent: number } : undefined;
  return { bytes: number * 1024 ** ' KMGT'.indexOf(unit || ' ') };
}

/** Bytes of an amount on a machine with `ramBytes` of memory. */
export function amountBytes(amount: Amount, ramBytes: number): number {
  return 'bytes' in amount ? amount.bytes : Math.floor((ramBytes * amount.percent) / 100);
}
