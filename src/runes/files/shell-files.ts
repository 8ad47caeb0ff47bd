// RootFiles on a booting machine. The new root may lie on /dev/nbd0, which this very process serves: so every access is a child's, `sh` of the
// image inside a chroot, where links lead where they will lead for the running system. Writing goes through the mounted union, not its upper
// directory: overlayfs remembers names that were looked up, and would not see a file that appears behind its back. Operations asked for
// while a child runs go together to the next one, so that all runes of a level share two or three children.

import { ViverError } from '../../errors.ts';
import type { Sys } from '../../sys/sys.ts';
import type { RootFiles } from '../contract/root-files.ts';
import {
  assertOperation,
  decodeLines,
  type FileOperation,
  type FileResult,
  formatScript,
  parseScriptOutput,
} from './file-script.ts';

const CHILD_TIMEOUT_MS = 60_000;

/** A program and its first arguments: `['/bin/busybox', 'chroot']`. */
export type ChrootCommand = readonly [program: string, ...args: string[]];

interface Queued {
  readonly operation: FileOperation;
  readonly resolve: (result: FileResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Files of `root` by child processes; `run` is that of Sys. */
export function createShellFiles(
  run: Sys['run'],
  root: string,
  chroot: ChrootCommand = ['/bin/busybox', 'chroot'],
): RootFiles {
  const shell = new FileShell(run, [...chroot, root, '/bin/sh', '-s']);
  return {
    readText: async (path) => decodeLines(await shell.do({ kind: 'read', path })),
    exists: async (path) => (await shell.do({ kind: 'exists', path }))[0] === '+',
    list: async (path) =>
      (decodeLines(await shell.do({ kind: 'list', path })) ?? '').split('\n').filter(Boolean).sort(),
    writeText: async (path, text, mode = 0o644) => void (await shell.do({ kind: 'write', path, text, mode })),
    remove: async (path) => void (await shell.do({ kind: 'remove', path })),
    symlink: async (target, path) => void (await shell.do({ kind: 'link', path, target })),
  };
}

class FileShell {
  readonly #run: Sys['run'];
  readonly #command: readonly string[];
  #queue: Queued[] = [];
  #busy = false;

  constructor(run: Sys['run'], command: readonly string[]) {
    this.#run = run;
    this.#command = command;
  }

  /** @throws ViverError RUNES_BAD_PATH, RUNES_FILE_FAILED */
  async do(operation: FileOperation): Promise<readonly string[]> {
    assertOperation(operation);
    const result = await new Promise<FileResult>((resolve, reject) => {
      this.#queue.push({ operation, resolve, reject });
      if (!this.#busy) void this.#drain();
    });
    if ('lines' in result) return result.lines;
    throw new ViverError('RUNES_FILE_FAILED', `${operation.kind} ${operation.path}: ${result.failed}`);
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    // What is asked for in the same turn belongs together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#runBatch(this.#queue.splice(0));
    this.#busy = false;
  }

  async #runBatch(batch: readonly Queued[]): Promise<void> {
    const [program = '', ...args] = this.#command;
    try {
      const input = formatScript(batch.map(({ operation }) => operation));
      const { stdout, stderr } = await this.#run(program, args, { input, timeoutMs: CHILD_TIMEOUT_MS });
      const results = parseScriptOutput(stdout, batch.length, stderr);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] ?? { failed: 'no result' });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
