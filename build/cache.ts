// A folder of things that took long to make, each under a hash of what it was made from. It may be deleted at any time; files appear in
// it whole, by rename, so that two builds at once do no harm.

import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, lstat, mkdir, readdir, readlink, rename, rm, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** So many of a kind stay, the ones used last. */
const KEEP = 8;
let partials = 0;

export class BuildCache {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * The path of what `make` made once for this key.
   * @param key Everything that the result depends on.
   * @param make Writes the result to the path that it is given.
   */
  async get(name: string, key: readonly string[], make: (path: string) => Promise<void>): Promise<CachedFile> {
    const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
    const path = join(this.directory, `${name}-${hash}`);
    if (await exists(path)) {
      const now = new Date();
      await utimes(path, now, now).catch(() => {});
      return { path, fresh: false };
    }
    await mkdir(this.directory, { recursive: true });
    await this.#removeOld(name);
    const partial = `${path}.${process.pid}.${partials++}.partial`;
    try {
      await make(partial);
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
    return { path, fresh: true };
  }

  /** What was used last is touched last, so another build that is under way keeps what it found. */
  async #removeOld(name: string): Promise<void> {
    const same = (await readdir(this.directory)).filter((file) => file.replace(/-[0-9a-f]{32}(?:\..*)?$/, '') === name);
    const found = await Promise.all(
      same.map(async (file) => {
        const path = join(this.directory, file);
        return { path, used: (await lstat(path).catch(() => undefined))?.mtimeMs ?? 0 };
      }),
    );
    found.sort((a, b) => b.used - a.used);
    for (const { path } of found.slice(KEEP)) await rm(path, { force: true });
  }
}

/** `out/cache/NAME` of the checkout; in the user's own cache folder where the checkout belongs to somebody else. */
export async function defaultCacheDirectory(project: string, name: string): Promise<string> {
  const outputs = join(project, 'out');
  const ours = (await exists(outputs)) ? outputs : project;
  if (
    await access(ours, constants.W_OK).then(
      () => true,
      () => false,
    )
  )
    return join(outputs, 'cache', name);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'viver', name);
}

export interface CachedFile {
  readonly path: string;
  /** False when it was there already. */
  readonly fresh: boolean;
}

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** A hash of a whole tree: names, types, permissions, contents. */
export async function hashTree(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    const facts = await lstat(path);
    hash.update(`${name}\0${facts.mode}\0`);
    if (facts.isDirectory()) hash.update(await hashTree(path));
    else if (facts.isSymbolicLink()) hash.update(await readlink(path));
    else hash.update(await hashFile(path));
  }
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
