// The 68 bytes that open a connection between peers (BEP 3 "handshaking"), both ways. Pure.
//
//  offset  bytes  field
//       0      1  length of the protocol's name, 19
//       1     19  'BitTorrent protocol'
//      20      8  reserved: abilities, one bit each
//      28     20  info hash: SHA-1 of the info dictionary, or the first 20 bytes of its SHA-256 (BEP 52)
//      48     20  peer id

import { ViverError } from '../../errors.ts';

export const HANDSHAKE_BYTES = 68;
export const INFO_HASH_BYTES = 20;
export const PEER_ID_BYTES = 20;
const PROTOCOL = '\x13BitTorrent protocol';

/** Ability bits as [byte of the reserved eight, bit]. */
const Ability = {
  extended: [5, 0x10], // BEP 10
  fast: [7, 0x04], // BEP 6
  version2: [7, 0x10], // BEP 52, "upgrade path"
} as const;

export interface Handshake {
  /** 20 bytes. */
  infoHash: Uint8Array;
  /** 20 bytes. */
  peerId: Uint8Array;
  extended: boolean;
  fast: boolean;
  version2: boolean;
}

export function encodeHandshake(handshake: Handshake): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  for (let at = 0; at < PROTOCOL.length; at++) bytes[at] = PROTOCOL.charCodeAt(at);
  for (const name of ['extended', 'fast', 'version2'] as const) {
    const [byte, bit] = Ability[name];
    if (handshake[name]) bytes[20 + byte]! |= bit;
  }
  bytes.set(handshake.infoHash, 28);
  bytes.set(handshake.peerId, 48);
  return bytes;
}

/**
 * False as soon as `start`, the first bytes of a connection, cannot become a handshake: an attempt at MSE encryption (random bytes) is
 * told from it by the first byte, and is closed so that the client tries again in the clear.
 */
export function mayBeHandshake(start: Uint8Array): boolean {
  const length = Math.min(start.length, PROTOCOL.length);
  for (let at = 0; at < length; at++) if (start[at] !== PROTOCOL.charCodeAt(at)) return false;
  return true;
}

/** @throws ViverError `PEER_HANDSHAKE` when these are not 68 bytes of the protocol. */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES || !mayBeHandshake(bytes)) {
    throw new ViverError('PEER_HANDSHAKE', 'peer: not a BitTorrent handshake');
  }
  const has = ([byte, bit]: readonly [number, number]): boolean => (bytes[20 + byte]! & bit) !== 0;
  return {
    infoHash: bytes.slice(28, 48),
    peerId: bytes.slice(48, 68),
    extended: has(Ability.extended),
    fast: has(Ability.fast),
    version2: has(Ability.version2),
  };
}

export function formatHandshake(handshake: Handshake): string {
  const abilities = (['extended', 'fast', 'version2'] as const).filter((name) => handshake[name]).join('+') || 'plain';
  const client = String.fromCharCode(...handshake.peerId.subarray(0, 8)).replace(/[^\x20-\x7e]/g, '.');
  return `handshake ${hex(handshake.infoHash)} from ${client} ${abilities}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
