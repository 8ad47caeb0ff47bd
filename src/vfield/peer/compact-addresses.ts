// Addresses as BitTorrent carries them: 4 or 16 bytes and a port, one behind the other (BEP 7, 11, 23). Pure.

import { formatAddress } from '../transport.ts';

export interface CompactAddresses {
  /** 6 bytes each. */
  readonly four: Uint8Array;
  /** 18 bytes each. */
  readonly six: Uint8Array;
}

/** Addresses whose compact form is remembered: a node tells each of hundreds of peers nearly the same ones. */
const MAX_REMEMBERED = 4_096;
const remembered = new Map<string, Uint8Array | undefined>();

/** `host:port` texts by family; names that are no numbers are left out. */
export function compactAddresses(addresses: readonly string[]): CompactAddresses {
  const all = addresses.map(compactOf).filter((compact) => compact !== undefined);
  return {
    four: joined(all.filter(({ length }) => length === 6)),
    six: joined(all.filter(({ length }) => length === 18)),
  };
}

/** The addresses of one family as `host:port`; a rest that is no whole one, and port 0, are left out. */
export function expandAddresses(bytes: Uint8Array, hostBytes: 4 | 16): string[] {
  const addresses: string[] = [];
  for (let at = 0; at + hostBytes + 2 <= bytes.length; at += hostBytes + 2) {
    const host = hostBytes === 4 ? bytes.subarray(at, at + 4).join('.') : hostOfSixteen(bytes, at);
    const port = u16(bytes, at + hostBytes);
    if (port > 0) addresses.push(formatAddress(host, port));
  }
  return addresses;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.length * (parts[0]?.length ?? 0));
  parts.forEach((part, index) => {
    bytes.set(part, index * part.length);
  });
  return bytes;
}

function compactOf(address: string): Uint8Array | undefined {
  if (remembered.has(address)) return remembered.get(address);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const compact = compactAddress(address);
  remembered.set(address, compact);
  return compact;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function hostOfSixteen(bytes: Uint8Array, start: number): string {
  return Array.from({ length: 8 }, (_, word) => u16(bytes, start + 2 * word).toString(16)).join(':');
}

function compactAddress(address: string): Uint8Array | undefined {
  const match = /^(?:\[([0-9a-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/.exec(address);
  if (!match) return undefined;
  const host = match[2] ? match[2].split('.').map(Number) : bytesOfSix(match[1]!);
  if (!host || host.some((byte) => byte > 255)) return undefined;
  const port = Number(match[3]);
  return Uint8Array.from([...host, (port >> 8) & 255, port & 255]);
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
