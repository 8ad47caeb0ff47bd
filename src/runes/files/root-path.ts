// Paths inside the new root: absolute, without `..`, so that no rune can name a file outside by mistake. Pure.

import { ViverError } from '../../errors.ts';

const MAX_PATH_CHARS = 4096;

/** @throws ViverError RUNES_BAD_PATH */
export function assertRootPath(path: string): void {
  const bad =
    typeof path !== 'string' ||
    !path.startsWith('/') ||
    path.length > MAX_PATH_CHARS ||
    path.includes('\0') ||
    path.split('/').includes('..');
  if (bad) throw new ViverError('RUNES_BAD_PATH', `'${String(path).slice(0, 80)}' is no absolute path inside the root`);
}

/** The directory of a root path: `/etc` of `/etc/fstab`. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
