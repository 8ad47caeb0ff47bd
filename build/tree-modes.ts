// Rights of a staged tree, which becomes a squashfs: 755 for folders and programs, 644 for the rest.

import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The user's umask must not show in the result. */
export async function setModes(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await lstat(path);
    if (facts.isDirectory()) await setModes(path);
    else if (facts.isFile()) await chmod(path, facts.mode & 0o100 ? 0o755 : 0o644);
  }
}
