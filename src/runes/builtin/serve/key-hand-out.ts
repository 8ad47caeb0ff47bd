// Who is handed the key of the room with the initrd. Pure but for what it asks of others.

import * as z from 'zod/mini';

export const HAND_OUT = z.enum(['all', 'known', 'none']);
export type HandOut = z.infer<typeof HAND_OUT>;

export interface KeyQuestions {
  /** The network card behind an address of this wire. */
  macOf(address: string): Promise<string | undefined>;
  /** The address that our own DHCP server gave to a MAC; `foreign` when another server gives the addresses. */
  leasedTo(mac: string): Promise<string | 'foreign' | undefined>;
  /** Whether the MAC is in RUNES/machines. */
  isKnown(mac: string): boolean;
}

/**
 * Whether the machine at `address` gets the key: it has to be a direct neighbour with the address that it was given.
 * @returns the reason why not, for the log; undefined for yes
 */
export async function whyNoKey(policy: HandOut, address: string, ask: KeyQuestions): Promise<string | undefined> {
  if (policy === 'none') return 'roomKey of the http rune is none';
  const mac = await ask.macOf(address);
  if (mac === undefined) return `${address} is no neighbour on this wire`;
  const leased = await ask.leasedTo(mac);
  if (leased !== 'foreign' && leased !== address) return `${address} was not given to ${mac}`;
  return policy === 'known' && !ask.isKnown(mac) ? `${mac} is not in RUNES/machines` : undefined;
}
