// Programs that the kit starts: their output is collected, an abort kills them, and a failure is one line with what they said last.
// A child is gone when the promise settles, so that what it wrote can be removed.

import { spawn } from 'node:child_process';
import { ViverError } from '../src/errors.ts';

export interface ChildOptions {
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Sees each piece of standard output and standard error as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Is told the process id of the child. */
  readonly onStart?: (processId: number) => void;
}

export interface ChildResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end and returns whatever the status is. @throws ViverError KIT_NO_PROGRAM, KIT_INTERRUPTED */
export function runChild(command: string, args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    // Its own process group: an interrupt from the terminal reaches us alone, and we end it in our order.
    const child = spawn(command, args, { env: options.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const kill = () => child.kill('SIGKILL');
    if (options.signal?.aborted) kill();
    options.signal?.addEventListener('abort', kill, { once: true });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      options.onOutput?.(text);
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      options.onOutput?.(text);
      stderr += text;
    });
    child.stdin.on('error', () => {}); // a child that does not read its input says so by its status
    child.stdin.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) => reject(startError(command, error)));
    child.on('close', (status) => {
      options.signal?.removeEventListener('abort', kill);
      if (options.signal?.aborted) reject(new ViverError('KIT_INTERRUPTED', 'interrupted'));
      else resolve({ status: status ?? 255, stdout, stderr });
    });
  });
}

/** As runChild, but a status other than 0 is an error that names the program and its last words. */
export async function runChecked(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildResult> {
  const result = await runChild(command, args, options);
  if (result.status !== 0) throw childFailure(command, result);
  return result;
}

/** One line for a child that failed; a full disk is named as such. */
export function childFailure(command: string, result: ChildResult): ViverError {
  const lines = `${result.stdout}\n${result.stderr}`.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (lines.some((line) => /no space left on device|out of space/i.test(line))) {
    return new ViverError('KIT_DISK_FULL', `${command}: no space left on the disk of the output`);
  }
  const words = result.stderr.trim() === '' ? lines.at(-1) : result.stderr.trim().split('\n').at(-1);
  return new ViverError('KIT_PROGRAM_FAILED', `${command} failed (status ${result.status}): ${words ?? 'no message'}`);
}

function startError(command: string, error: NodeJS.ErrnoException): ViverError {
  return error.code === 'ENOENT'
    ? new ViverError('KIT_NO_PROGRAM', `the program ${command} is not installed: run 'make setup'`)
    : new ViverError('KIT_NO_PROGRAM', `${command} cannot be started: ${error.message}`, { cause: error });
}
