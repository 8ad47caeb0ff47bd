// Symbolic links as the system in a root would see them: an absolute target starts at the root, and `..` stops there. Pure.

import { ViverError } from '../../errors.ts';
import { assertRootPath } from './root-path.ts';

/** As the kernel's own limit (MAXSYMLINKS). */
const MAX_LINKS = 40;

/**
 * The path behind all links; the last part is followed only when `followLast`. Parts that are not there are kept as they are.
 * @param linkTarget What the link at a path, whose own directories are no links, points to; undefined when it is none.
 * @throws ViverError RUNES_BAD_PATH
 */
export async function walkLinks(
  path: string,
  followLast: boolean,
  linkTarget: (path: string) => Promise<string | undefined>,
): Promise<string> {
  assertRootPath(path);
  const todo = path.split('/').filter(Boolean);
  let done: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const part = todo.shift() ?? '';
    if (part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = todo.length > 0 || followLast ? await linkTarget(`/${[...done, part].join('/')}`) : undefined;
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new ViverError('RUNES_BAD_PATH', `${path}: more than ${MAX_LINKS} links`);
    if (target.startsWith('/')) done = [];
    todo.unshift(...target.split('/').filter(Boolean));
  }
  return `/${done.join('/')}`;
}
