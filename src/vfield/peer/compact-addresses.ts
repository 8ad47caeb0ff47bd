// Addresses as BitTorrent carries them: 4 or 16 bytes and a port, one behind the other (BEP 7, 11, 23). Pure.

import { Reader, Writer } from '../../wire/cursor.ts';
import { formatAddress } from '../transport.ts';

export interface CompactAddresses {
  /** 6 bytes each. */
  readonly four: Uint8Array;
  /** 18 bytes each. */
  readonly six: Uint8Array;
}

/** `host:port` texts by family; names that are no numbers are left out. */
export function compactAddresses(addresses: readonly string[]): CompactAddresses {
  const four = new Writer(64);
  const six = new Writer(64);
  for (const address of addresses) {
    const compact = compactAddress(address);
    if (compact) (compact.length === 6 ? four : six).bytes(compact);
  }
  return { four: four.finish(), six: six.finish() };
}

/** The addresses of one family as `host:port`; a rest that is no whole one, and port 0, are left out. */
export function expandAddresses(bytes: Uint8Array, hostBytes: 4 | 16): string[] {
  const addresses: string[] = [];
  for (let at = 0; at + hostBytes + 2 <= bytes.length; at += hostBytes + 2) {
    const reader = new Reader(bytes.subarray(at, at + hostBytes + 2), 'PEER_SHORT');
    const host = hostBytes === 4 ? reader.take(4).join('.') : hostOfSixteen(reader);
    const port = reader.u16();
    if (port > 0) addresses.push(formatAddress(host, port));
  }
  return addresses;
}

function hostOfSixteen(reader: Reader): string {
  return Array.from({ length: 8 }, () => reader.u16().toString(16)).join(':');
}

function compactAddress(address: string): Uint8Array | undefined {
  const match = /^(?:\[([0-9a-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/.exec(address);
  if (!match) return undefined;
  const host = match[2] ? match[2].split('.').map(Number) : bytesOfSix(match[1]!);
  if (!host || host.some((byte) => byte > 255)) return undefined;
  return new Writer(18).bytes(Uint8Array.from(host)).u16(Number(match[3])).finish();
}

function bytesOfSix(text: string): number[] | undefined {
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const gap = 8 - before.length - after.length;
  if (gap < 0 || (tail === undefined && gap > 0)) return undefined;
  const words = [...before, ...new Array<string>(gap).fill('0'), ...after].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]);
}
