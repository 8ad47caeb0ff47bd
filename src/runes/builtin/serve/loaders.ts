// The boot loaders that the runtime carries, and which of them suits which firmware.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createBootSet } from '../../../bootserver/boot-set.ts';
import { ViverError } from '../../../errors.ts';
import type { LoaderFirmware } from '../../interfaces/boot-loader-path.ts';

/** In the order of preference. snponly.efi uses the firmware's own network driver, so it works on whatever the firmware booted from. */
const LOADERS: Readonly<Record<LoaderFirmware, readonly string[]>> = {
  bios: ['undionly.kpxe', 'ipxe.pxe'],
  'uefi-x64': ['snponly.efi', 'ipxe.efi'],
};

/** The files of the loaders' folder. @throws ViverError RUNES_NO_BOOT_SET */
export async function loaderFiles(folder: string | undefined) {
  if (folder === undefined) {
    throw new ViverError(
      'RUNES_NO_BOOT_SET',
      'this machine has no boot set (kernel, initrd, loaders) to start others with',
    );
  }
  const names = (await readdir(folder)).sort();
  return { names, open: createBootSet(Object.fromEntries(names.map((name) => [name, { file: join(folder, name) }]))) };
}

/** Firmware -> the best loader that is there. */
export function loaderPaths(names: readonly string[]): Partial<Record<LoaderFirmware, string>> {
  const entries = Object.entries(LOADERS).map(([firmware, wanted]) => [
    firmware,
    wanted.find((name) => names.includes(name)),
  ]);
  return Object.fromEntries(entries.filter(([, name]) => name !== undefined));
}
