// The key of a room as text: what lies in RUNES/room.key of a stick. Who has it is a member: it can find, ask and hear the room's runes.

import { randomBytes } from 'node:crypto';
import { ViverError } from '../errors.ts';

const KEY_BYTES = 32;

/** Where a boot medium has the key, below its RUNES folder. */
export const ROOM_KEY_FILE = 'room.key';

/** A fresh key: 32 random bytes as base64url (RFC 4648 5), 43 characters. */
export function makeRoomKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/**
 * The key in a file's text; blanks and lines around it don't count.
 * @param where For the error: the file.
 * @throws ViverError ROOM_BAD_KEY
 */
export function parseRoomKey(text: string, where: string): string {
  const key = text.trim();
  const isKey = /^[A-Za-z0-9_-]{43}$/.test(key) && Buffer.from(key, 'base64url').toString('base64url') === key;
  if (isKey) return key;
  throw new ViverError('ROOM_BAD_KEY', `${where} holds no room's key: 43 letters, digits, '-' or '_' on one line`);
}
