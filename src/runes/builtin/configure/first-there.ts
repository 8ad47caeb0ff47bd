// Asks a root for the first of several places where a thing may be.

import type { RootFiles } from '../../contract/root-files.ts';

/** The first of `paths` that is there. All are asked for together: one child process. */
export async function firstThere(files: RootFiles, paths: readonly string[]): Promise<string | undefined> {
  const there = await Promise.all(paths.map((path) => files.exists(path)));
  return paths.find((_, index) => there[index]);
}
