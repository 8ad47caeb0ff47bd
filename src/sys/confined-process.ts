// A Node program in a child process that may do what it likes: throw, hang, end, take memory. It has a pipe to us as descriptor 3, and limits that it
// sets itself before anything else (confine-this-process.ts). Owns the child.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';

/**
 * Few threads, each of which would cost memory, and a small nursery. Others of V8's flags cost a second at start on a slow machine: the code that comes
 * with Node is then compiled anew.
 */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--v8-pool-size=1'];
const FEW_THREADS = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' };

/** A program that it has started may hold its output open for ever. */
const LAST_OUTPUT_MS = 500;

export interface ConfinedProcess {
  readonly pid: number | undefined;
  /** Both ends of descriptor 3. */
  readonly pipe: Duplex;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when it has ended and what it wrote was read: `by itself with status 3`, `by SIGKILL`. */
  readonly ended: Promise<Ending>;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

export interface Ending {
  readonly status: number | null;
  readonly how: string;
}

/**
 * Starts `program` (a file URL) with `args`.
 * @param heapMebibytes V8's heap without its nursery.
 */
export function startConfined(program: URL, args: readonly string[], heapMebibytes: number): ConfinedProcess {
  const flags = [...NODE_FLAGS, `--max-old-space-size=${heapMebibytes}`];
  const child = spawn(ownNode(), [...flags, program.pathname, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...FEW_THREADS },
    // Ctrl-C goes to a whole process group: whoever started the child ends it in its own order.
    detached: true,
  });
  const pipe = child.stdio[3] as Duplex;
  pipe.on('error', () => {}); // its end is told by `ended`
  return {
    pid: child.pid,
    pipe,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    ended: endOf(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** In the initrd Node is started as @viver/node: systemd's shutdown passes over what has such a name (initrd/watch.sh). */
function ownNode(): string {
  return process.argv0.startsWith('@') ? process.argv0 : process.execPath;
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ status: null, how: `before its start: ${error.message}` }));
    child.on('exit', (status, signal) => {
      const ending = { status, how: signal === null ? `by itself with status ${status}` : `by ${signal}` };
      child.on('close', () => resolve(ending));
      setTimeout(() => resolve(ending), LAST_OUTPUT_MS).unref();
    });
  });
}
