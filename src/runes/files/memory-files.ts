// RootFiles in memory, alone (tests of runes) or above a directory that stays as it is (`viver runes run`): who reads sees the changes, and they can be
// shown, or carried out elsewhere. Links are followed through both. Owns the changed nodes.

import { ViverError } from '../../errors.ts';
import type { RootFiles } from '../contract/root-files.ts';
import { assertRootPath, directoryOf } from './root-path.ts';
import { walkLinks } from './walk-links.ts';

/** What stands at a path, no link followed. */
export type FileNode =
  | { readonly kind: 'file'; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' };

/** A node without its text, which may be large. */
export type SeenNode = Exclude<FileNode, { kind: 'file' }> | { readonly kind: 'file'; readonly mode: number };

/** What lies below the memory: looked at, never changed. Paths have no links in their directories. */
export interface LowerFiles {
  look(path: string): Promise<SeenNode | undefined>;
  /** Of a file that `look` has seen. */
  text(path: string): Promise<string>;
  /** Names in a directory; empty when there is none. */
  names(path: string): Promise<string[]>;
}

const NOTHING: LowerFiles = { look: async () => undefined, text: async () => '', names: async () => [] };

/** A path that differs from what lies below; `after` is undefined when it was removed. */
export interface FileChange {
  readonly path: string;
  readonly before: FileNode | undefined;
  readonly after: FileNode | undefined;
}

export class MemoryFiles implements RootFiles {
  readonly #lower: LowerFiles;
  readonly #nodes = new Map<string, FileNode | undefined>();

  constructor(lower: LowerFiles = NOTHING) {
    this.#lower = lower;
  }

  async readText(path: string): Promise<string | undefined> {
    const node = await this.#whole(await this.#resolve(path, true));
    return node?.kind === 'file' ? node.text : undefined;
  }

  async writeText(path: string, text: string, mode = 0o644): Promise<void> {
    await this.#put(path, { kind: 'file', text, mode });
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#put(path, { kind: 'link', target });
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#look(await this.#resolve(path, false))) !== undefined;
  }

  async remove(path: string): Promise<void> {
    const place = await this.#resolve(path, false);
    const node = await this.#look(place);
    if (node?.kind === 'directory') throw failed(path, 'is a directory');
    if (node) this.#nodes.set(place, undefined);
  }

  async list(directory: string): Promise<string[]> {
    const place = await this.#resolve(directory, true);
    if ((await this.#look(place))?.kind !== 'directory') return [];
    const names = new Set(await this.#lower.names(place));
    for (const [path, node] of this.#nodes) {
      const [name, below] = namesBelow(path, place);
      if (name === undefined) continue;
      if (node) names.add(name);
      else if (!below) names.delete(name);
    }
    return [...names].sort();
  }

  /** What stands at a path: the link itself, not what it leads to. */
  async look(path: string): Promise<FileNode | undefined> {
    return this.#whole(await this.#resolve(path, false));
  }

  /** All that differs from below, by path. */
  async changes(): Promise<FileChange[]> {
    const changes: FileChange[] = [];
    for (const [path, after] of [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const before = await this.#below(path);
      if (!isSame(before, after)) changes.push({ path, before, after });
    }
    return changes;
  }

  async #put(path: string, node: FileNode): Promise<void> {
    const place = await this.#resolve(path, false);
    if ((await this.#look(place))?.kind === 'directory') throw failed(path, 'is a directory');
    for (let above = directoryOf(place); above !== '/'; above = directoryOf(above)) {
      if ((await this.#look(above))?.kind === 'file') throw failed(path, `${above} is no directory`);
    }
    this.#nodes.set(place, node);
  }

  #resolve(path: string, followLast: boolean): Promise<string> {
    return walkLinks(path, followLast, async (at) => {
      const node = await this.#look(at);
      return node?.kind === 'link' ? node.target : undefined;
    });
  }

  async #look(place: string): Promise<SeenNode | undefined> {
    if (this.#nodes.has(place)) return this.#nodes.get(place);
    const isAbove = [...this.#nodes].some(([path, node]) => node && namesBelow(path, place)[0] !== undefined);
    if (isAbove || place === '/') return { kind: 'directory' };
    return this.#isHidden(place) ? undefined : this.#lower.look(place);
  }

  async #whole(place: string): Promise<FileNode | undefined> {
    return this.#nodes.has(place) ? this.#nodes.get(place) : this.#isHidden(place) ? undefined : this.#below(place);
  }

  async #below(place: string): Promise<FileNode | undefined> {
    const node = await this.#lower.look(place);
    return node?.kind === 'file' ? { ...node, text: await this.#lower.text(place) } : node;
  }

  /** Below something that was changed into no directory. */
  #isHidden(place: string): boolean {
    for (let above = directoryOf(place); above !== '/'; above = directoryOf(above)) {
      if (this.#nodes.has(above)) return true;
    }
    return false;
  }
}

/** Carries changes out on other files, such as a copy of the tree. */
export async function applyChanges(changes: readonly FileChange[], files: RootFiles): Promise<void> {
  for (const { path, after } of changes) {
    if (after?.kind === 'file') await files.writeText(path, after.text, after.mode);
    else if (after?.kind === 'link') await files.symlink(after.target, path);
    else await files.remove(path);
  }
}

/**
 * Files that hold `planted`: path -> text, or `-> target` for a link.
 * @throws ViverError RUNES_BAD_PATH
 */
export function plantedFiles(planted: Readonly<Record<string, string>>): LowerFiles {
  const nodes = new Map<string, FileNode>();
  for (const [path, text] of Object.entries(planted)) {
    assertRootPath(path);
    const isLink = text.startsWith('-> ');
    nodes.set(path, isLink ? { kind: 'link', target: text.slice(3) } : { kind: 'file', text, mode: 0o644 });
  }
  const names = (place: string) => new Set([...nodes.keys()].flatMap((path) => namesBelow(path, place)[0] ?? []));
  return {
    look: async (path) => nodes.get(path) ?? (names(path).size > 0 ? { kind: 'directory' } : undefined),
    text: async (path) => {
      const node = nodes.get(path);
      return node?.kind === 'file' ? node.text : '';
    },
    names: async (path) => [...names(path)],
  };
}

/** The next name of `path` below `directory`, and whether more follow: `/etc/a/b` below `/etc` is `a`, more. */
function namesBelow(path: string, directory: string): [name: string | undefined, more: boolean] {
  const start = directory === '/' ? '/' : `${directory}/`;
  if (!path.startsWith(start)) return [undefined, false];
  const [name, more] = path.slice(start.length).split('/', 2);
  return [name, more !== undefined];
}

function isSame(a: FileNode | undefined, b: FileNode | undefined): boolean {
  if (a?.kind === 'file' && b?.kind === 'file') return a.text === b.text && a.mode === b.mode;
  if (a?.kind === 'link' && b?.kind === 'link') return a.target === b.target;
  return a?.kind === b?.kind;
}

function failed(path: string, why: string): ViverError {
  return new ViverError('RUNES_FILE_FAILED', `${path}: ${why}`);
}
