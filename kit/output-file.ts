// A file that is there whole or not at all: written under a temporary name in the same directory, synced, renamed. Whatever ends the
// writing early (an error, SIGINT, SIGTERM, SIGHUP) removes it; one left by a killed process is removed by the next run.

import { readdirSync, rmSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ViverError } from '../src/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Checks that a file can be made at `output`. @throws ViverError KIT_OUTPUT_IS_DIRECTORY, KIT_NO_OUTPUT_DIRECTORY */
export async function checkOutputPath(output: string): Promise<void> {
  const there = await stat(output).catch(() => undefined);
  if (there?.isDirectory()) throw new ViverError('KIT_OUTPUT_IS_DIRECTORY', `output ${output} is a directory`);
  const parent = await stat(dirname(resolve(output))).catch(() => undefined);
  if (!parent?.isDirectory()) {
    throw new ViverError('KIT_NO_OUTPUT_DIRECTORY', `output directory ${dirname(resolve(output))} does not exist`);
  }
}

/**
 * Runs `write` on a temporary path beside `output`, and renames the result to `output`. `signal` aborts when the process is told to
 * end; `write` has then to stop its children and reject.
 */
export async function writeWhole<T>(
  output: string,
  write: (partial: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await checkOutputPath(output);
  removeStale(output);
  const partial = partialPath(output, process.pid);
  return interruptible(
    async (signal) => {
      const result = await write(partial, signal);
      signal.throwIfAborted();
      await syncPath(partial);
      await rename(partial, output);
      await syncPath(dirname(resolve(output)));
      return result;
    },
    () => rmSync(partial, { force: true }),
  );
}

/** Runs `work` with a fresh directory of temporary files next to `output`; it is removed afterwards, whatever happens. */
export async function withScratch<T>(
  output: string,
  work: (directory: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await checkOutputPath(output);
  removeStale(output);
  const directory = `${partialPath(output, process.pid)}.d`;
  return interruptible(
    async (signal) => {
      await mkdir(directory);
      return await work(directory, signal);
    },
    () => rmSync(directory, { recursive: true, force: true }),
  );
}

async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, cleanUp: () => void): Promise<T> {
  const controller = new AbortController();
  let caught: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    caught = name;
    controller.abort(new ViverError('KIT_INTERRUPTED', 'interrupted'));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  process.on('exit', cleanUp);
  try {
    return await work(controller.signal);
  } catch (error) {
    throw diskError(error);
  } finally {
    cleanUp();
    process.off('exit', cleanUp);
    for (const name of SIGNALS) process.off(name, onSignal);
    // With our handlers gone the signal does what its sender wanted; an outer scope with handlers cleans up in its turn.
    if (caught) process.kill(process.pid, caught);
  }
}

function diskError(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new ViverError('KIT_DISK_FULL', 'no space left on the disk of the output', { cause: error });
  }
  return error;
}

function partialPath(output: string, pid: number): string {
  return join(dirname(resolve(output)), `.${basename(output)}.${pid}.partial`);
}

function removeStale(output: string): void {
  const directory = dirname(resolve(output));
  for (const name of readdirSync(directory)) {
    const match = name.startsWith(`.${basename(output)}.`) && /\.(\d+)\.partial(\.d)?$/.exec(name);
    if (!match || isAlive(Number(match[1]))) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
