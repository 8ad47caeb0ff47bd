// RUNES of the boot medium, handed on: PCs that start from the network get the folder as one more part of their initrd, so that a rune on the stick is on
// every PC of the room. The machine with the stick makes the part, its HTTP rune serves it behind the others; the kernel of the next PC unpacks it.

import { packInitrdPart } from '../src/bootserver/initrd-part.ts';
import { ROOM_KEY_FILE } from '../src/cluster/room-key.ts';
import { errorLine } from '../src/errors.ts';
import { readTree } from '../src/runes/files/read-tree.ts';
import { RUNES_ON_MEDIUM } from '../src/runes/roles/rune-folder.ts';
import type { BootContext } from './context.ts';

/** In the rootfs of the machine that was handed it; the runtime sees the rootfs below /run/initramfs (init.sh). */
const HANDED_ON = 'viver/medium';
/** Takes the place of a medium where there is none. */
export const HANDED_MEDIUM = `/run/initramfs/${HANDED_ON}`;
/** In the runtime's memory: the medium may be pulled out. */
const PART = '/run/medium-runes.cpio.gz';
/** The room's key has its own way, and its own policy. FAT may give it in capitals, an editor may have left a copy beside it. */
const isKey = ({ path }: { readonly path: string }) => path.toLowerCase().startsWith(ROOM_KEY_FILE);

/**
 * Makes the part out of the medium's folder.
 * @returns the path of the part; nothing when the medium has no runes, or too much for a part, which is said.
 */
export async function packRunesOf(medium: string, { sys, log }: BootContext): Promise<string[]> {
  try {
    const files = (await readTree(medium + RUNES_ON_MEDIUM)).filter((file) => !isKey(file));
    if (files.length === 0) return [];
    const inRootfs = files.map(({ path, content }) => ({ path: `${HANDED_ON}${RUNES_ON_MEDIUM}/${path}`, content }));
    await sys.replaceFile(PART, packInitrdPart(inRootfs));
    log.info(`RUNES of the medium goes on to the others: ${files.map(({ path }) => path).join(' ')}`);
    return [PART];
  } catch (error) {
    log.error(`RUNES of the medium stays on this machine: ${errorLine(error)}`);
    return [];
  }
}
