// What both kinds of boot script are made from, and the check of its values. Pure.

import { ViverError } from '../../errors.ts';

export interface BootEntry {
  /** Path of the kernel, relative to where the script lies: `vmlinuz`. */
  readonly kernel: string;
  readonly initrd: string;
  /** Kernel command line without `initrd=` and `BOOTIF=`. */
  readonly append: string;
  /** Kernel parameters of single machines, by MAC (`52:54:00:12:34:56`). */
  readonly appendFor?: ReadonlyMap<string, string>;
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
  for (const mac of entry.appendFor?.keys() ?? []) {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac))
      throw new ViverError('MENU_BAD_VALUE', `'${mac}' is no MAC address`);
  }
  for (const line of [entry.append, entry.title ?? '', ...(entry.appendFor?.values() ?? [])]) {
    if (/\p{Cc}/u.test(line))
      throw new ViverError('MENU_BAD_VALUE', 'a boot script value has a line break or control character');
  }
}
