// The key of the room on this machine: from the medium that it was started from, or from the boot server, behind the initrd. It is in no file of the
// running system, not on the kernel command line and not among the facts that runes are given.

import { packInitrdPart } from '../src/bootserver/initrd-part.ts';
import { makeRoomKey, parseRoomKey, ROOM_KEY_FILE } from '../src/cluster/room-key.ts';
import { errorLine } from '../src/errors.ts';
import { RUNES_ON_MEDIUM } from '../src/runes/roles/rune-folder.ts';
import type { BootContext } from './context.ts';
import { INITRAMFS } from './handover.ts';

/** In the rootfs of a machine that was handed it; goes with the rootfs at the handover. */
const HANDED_KEY = 'viver/room/key';
/** In the runtime's memory, for root alone. */
const PART = '/run/room-key.cpio.gz';

/** The medium's key; a medium without one gets a key for as long as this machine runs. */
export async function keyOfMedium(medium: string, { sys, log }: BootContext): Promise<string> {
  const path = `${medium}${RUNES_ON_MEDIUM}/${ROOM_KEY_FILE}`;
  try {
    if (await sys.exists(path))
      return parseRoomKey(await sys.readText(path), `medium:${RUNES_ON_MEDIUM}/${ROOM_KEY_FILE}`);
    log.info(
      `the medium has no ${RUNES_ON_MEDIUM}/${ROOM_KEY_FILE}: the room has a new key until this machine starts again`,
    );
  } catch (error) {
    log.error(`${errorLine(error)}; the room has a new key until this machine starts again`);
  }
  return makeRoomKey();
}

/** The key that the boot server has handed to this machine, if it did. */
export async function handedKey({ sys, log }: BootContext): Promise<string | undefined> {
  const path = `${INITRAMFS}/${HANDED_KEY}`;
  try {
    if (await sys.exists(path)) return parseRoomKey(await sys.readText(path), 'what the boot server handed on');
    log.info(
      "the boot server has handed no key to this machine: it is no member of the room, and takes part in the image's field only",
    );
  } catch (error) {
    log.error(errorLine(error));
  }
  return undefined;
}

/** Makes the part of the initrd that hands `key` on. @returns its path */
export async function packRoomKey(key: string, { sys }: BootContext): Promise<string> {
  await sys.replaceFile(PART, packInitrdPart([{ path: HANDED_KEY, content: Buffer.from(`${key}\n`) }]));
  return PART;
}
