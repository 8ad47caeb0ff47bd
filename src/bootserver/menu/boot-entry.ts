// What both kinds of boot script are made from, and the check of its values. Pure.

import { ViverError } from '../../errors.ts';

export interface BootEntry {
  /** Path of the kernel, relative to where the script lies: `vmlinuz`. */
  readonly kernel: string;
  readonly initrd: string;
  /** Kernel command line without `initrd=` and `BOOTIF=`. */
  readonly append: string;
  /** What the console shows; `Viver` when missing. */
  readonly title?: string;
}

/**
 * Refuses what would end a line of a script or be more than one word.
 * @throws ViverError MENU_BAD_VALUE
 */
export function checkEntry(entry: BootEntry): void {
  for (const path of [entry.kernel, entry.initrd]) {
    if (!/^[A-Za-z0-9._~/:@%+-]+$/.test(path))
      throw new ViverError('MENU_BAD_VALUE', `'${path}' can't be in a boot script`);
  }
  for (const line of [entry.append, entry.title ?? '']) {
    if (/\p{Cc}/u.test(line))
      throw new ViverError('MENU_BAD_VALUE', 'a boot script value has a line break or control character');
  }
}
