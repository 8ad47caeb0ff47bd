// Remembers which files of the new root a rune changed, so that the journal can say it without trusting the rune to.

import { ViverError } from '../../errors.ts';
import type { RootFiles } from '../contract/root-files.ts';

export interface ChangeRecord {
  readonly files: RootFiles;
  /** Paths written, linked or removed so far, sorted. */
  changed(): string[];
}

/** Wraps `files` for one rune. */
export function recordChanges(files: RootFiles): ChangeRecord {
  const paths = new Set<string>();
  return {
    changed: () => [...paths].sort(),
    files: {
      readText: (path) => files.readText(path),
      exists: (path) => files.exists(path),
      list: (directory) => files.list(directory),
      writeText: async (path, text, mode) => {
        await files.writeText(path, text, mode);
        paths.add(path);
      },
      remove: async (path) => {
        if (!(await files.exists(path))) return;
        await files.remove(path);
        paths.add(path);
      },
      symlink: async (target, path) => {
        await files.symlink(target, path);
        paths.add(path);
      },
    },
  };
}

const refuse = () =>
  Promise.reject(new ViverError('RUNES_NO_FILES', "the system's files are there for runes of stage 'configure' only"));

/** What runes of stage `serve` get: the system runs by then, and its files are its own. */
export const noFiles: RootFiles = {
  readText: refuse,
  writeText: refuse,
  exists: refuse,
  remove: refuse,
  list: refuse,
  symlink: refuse,
};
