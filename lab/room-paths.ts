// Where a room keeps its things. Logs lie under out/lab of the checkout; the control socket lies in a short private folder, because a
// Unix socket's path may have 107 bytes only (sun_path, unix(7)).

import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ViverError } from '../src/errors.ts';

/** The checkout. */
export const PROJECT_DIRECTORY = fileURLToPath(new URL('..', import.meta.url));

/** Everything that the lab makes. */
export const LAB_DIRECTORY = join(PROJECT_DIRECTORY, 'out', 'lab');

const ROOM_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The folder with a room's logs. @throws ViverError LAB_ROOM_NAME */
export function roomDirectory(name: string): string {
  if (!ROOM_NAME.test(name)) {
    throw new ViverError('LAB_ROOM_NAME', `${name}: a room's name has small letters, digits and -, 32 at most`);
  }
  return join(LAB_DIRECTORY, `room-${name}`);
}

/** The control socket of a room; its folder is made, and must belong to this user alone. */
export async function controlSocketPath(name: string): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `viver-lab-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await stat(folder);
  if (found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new ViverError('LAB_SOCKET_FOLDER', `${folder} does not belong to this user alone`);
  }
  const key = createHash('sha256').update(roomDirectory(name)).digest('hex').slice(0, 16);
  return join(folder, `${key}.sock`);
}
