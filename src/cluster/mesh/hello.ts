// The first frame on a link, from both sides: who I am and where I can be dialed. Pure.

import { withPort } from './addresses.ts';

export const PROTOCOL_VERSION = 1;
export const MAX_ID_LENGTH = 96;

export interface Hello {
  /** The same for one start of one machine. */
  readonly id: string;
  /** Where the sender can be dialed: `ADDRESS:PORT`. */
  readonly address: string;
}

export function encodeHello({ id, address }: Hello): string {
  return JSON.stringify({ viver: PROTOCOL_VERSION, id, address });
}

/** undefined for whatever is no hello of this version. */
export function decodeHello(body: string): Hello | undefined {
  try {
    const { viver, id, address } = JSON.parse(body);
    const known = typeof address === 'string' && address.includes(':') ? withPort(address, 0) : undefined;
    if (viver !== PROTOCOL_VERSION || !isId(id) || !known) return undefined;
    return { id, address: known };
  } catch {
    return undefined;
  }
}

/** A host name, a tilde, and what makes the start its own. */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH && /^[A-Za-z0-9_.-]+~[a-z0-9]+$/.test(id);
}
