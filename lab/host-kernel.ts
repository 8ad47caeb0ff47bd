// Finds a kernel that the lab may start by itself: the one of the demonstration's system when it is made, else the host's own.

import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LAB_DIRECTORY } from './room-paths.ts';

/** The newest readable vmlinuz; undefined when there is none. */
export async function findKernel(
  directories: readonly string[] = [join(LAB_DIRECTORY, 'system', 'boot'), '/boot'],
): Promise<string | undefined> {
  for (const directory of directories) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith('vmlinuz-'));
    for (const name of names.sort().reverse()) {
      const path = join(directory, name);
      if (
        await access(path, constants.R_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  return undefined;
}
