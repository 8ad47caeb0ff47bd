// The message of local service discovery (BEP 14): an HTTP-like datagram on 239.192.152.143:6771 that names info hashes and a TCP port. Pure.
//
//   BT-SEARCH * HTTP/1.1 / Host: / Port: / Infohash: (40 hex digits, several lines allowed) / cookie:   lines end in CR LF

import { INFO_HASH_BYTES } from './peer/handshake.ts';

export const DISCOVERY_GROUP = '239.192.152.143';
export const DISCOVERY_PORT = 6771;
/** BEP 14: a message fits into one packet. */
export const MAX_DISCOVERY_BYTES = 1_400;

export interface DiscoveryMessage {
  /** TCP port of the sender. */
  port: number;
  /** 20 bytes each; of version 2 the first 20. */
  infoHashes: Uint8Array[];
  /** By which a sender knows its own message. */
  cookie?: string;
}

export function encodeDiscovery(message: DiscoveryMessage): Uint8Array {
  const lines = ['BT-SEARCH * HTTP/1.1', `Host: ${DISCOVERY_GROUP}:${DISCOVERY_PORT}`, `Port: ${message.port}`];
  for (const hash of message.infoHashes) lines.push(`Infohash: ${hash.toHex()}`);
  if (message.cookie !== undefined) lines.push(`cookie: ${message.cookie}`);
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n\r\n`);
}

/** Undefined for anything that is no such message: this is a datagram from anybody. */
export function decodeDiscovery(bytes: Uint8Array): DiscoveryMessage | undefined {
  if (bytes.length > MAX_DISCOVERY_BYTES) return undefined;
  const lines = new TextDecoder('latin1').decode(bytes).split('\r\n');
  if (!/^BT-SEARCH \* HTTP\/1\.[01]$/.test(lines[0] ?? '')) return undefined;
  const message: DiscoveryMessage = { port: 0, infoHashes: [] };
  for (const line of lines.slice(1)) readLine(line, message);
  return message.port > 0 && message.infoHashes.length > 0 ? message : undefined;
}

function readLine(line: string, message: DiscoveryMessage): void {
  const match = /^([A-Za-z]+):\s*(\S+)\s*$/.exec(line);
  if (!match) return;
  const [, name, value] = match as unknown as [string, string, string];
  if (/^port$/i.test(name) && /^\d{1,5}$/.test(value) && Number(value) < 65_536) message.port = Number(value);
  if (/^infohash$/i.test(name) && new RegExp(`^[0-9a-f]{${INFO_HASH_BYTES * 2}}$`, 'i').test(value)) {
    message.infoHashes.push(Uint8Array.fromHex(value));
  }
  if (/^cookie$/i.test(name)) message.cookie = value;
}
