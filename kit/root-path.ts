// Paths inside a directory that is somebody's root: symbolic links are followed as that system would follow them, so that an absolute
// link (/sbin/init -> /lib/systemd/systemd) stays inside.

import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_LINKS = 40; // as the kernel (MAXSYMLINKS)

/** Where `path` of the system below `root` really is, as a path of this system; undefined when there is none or links go round. */
export async function resolveInRoot(root: string, path: string): Promise<string | undefined> {
  const pending = path.split('/').filter(Boolean);
  let inside: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.shift()!;
    if (part === '.') continue;
    if (part === '..') {
      inside.pop();
      continue;
    }
    const here = join(root, ...inside, part);
    const stat = await lstat(here).catch(() => undefined);
    if (!stat) return undefined;
    if (!stat.isSymbolicLink()) {
      inside.push(part);
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    const target = await readlink(here);
    if (target.startsWith('/')) inside = [];
    pending.unshift(...target.split('/').filter(Boolean));
  }
  return join(root, ...inside);
}
