// The key of the room for a medium: a fresh one, or the one in a file that several media of a room share.

import { readFile, writeFile } from 'node:fs/promises';
import { makeRoomKey, parseRoomKey } from '../../src/cluster/room-key.ts';
import { errorLine, ViverError } from '../../src/errors.ts';

/** Anybody else who can read it could join the room. */
const OWNER_ONLY = 0o600;

/**
 * The text of RUNES/room.key.
 * @param file Read; made, if it is not there. Undefined: a key that only this medium has.
 * @throws ViverError ROOM_BAD_KEY, KIT_ROOM_KEY
 */
export async function roomKeyText(file: string | undefined): Promise<string> {
  if (file === undefined) return `${makeRoomKey()}\n`;
  try {
    return `${parseRoomKey(await readFile(file, 'utf8').catch((error: unknown) => made(file, error)), file)}\n`;
  } catch (cause) {
    if (cause instanceof ViverError) throw cause;
    throw new ViverError('KIT_ROOM_KEY', `the room's key can't be kept in ${file}: ${errorLine(cause)}`, { cause });
  }
}

async function made(file: string, error: unknown): Promise<string> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  const key = makeRoomKey();
  await writeFile(file, `${key}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  return key;
}
