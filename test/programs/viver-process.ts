// The real `viver` command as a process of its own, for tests: its facts (`name value` lines) as they come, its log, its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const VIVER = join(import.meta.dirname, '../../bin/viver');

export class ViverProcess {
  /** Lines of standard error so far. */
  readonly log: string[] = [];
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #facts = new Map<string, string>();
  readonly #waiting = new Set<() => void>();

  /** @param env Added to ours. */
  constructor(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(VIVER, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      detached: true,
    });
    this.ended = once(this.#child, 'close').then(([status, signal]) => status ?? signal);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const [, name, value] = /^(\S.*?) {2,}(.*)$|^/.exec(line.padEnd(12)) ?? [];
      if (name) this.#facts.set(name, value!.trim());
      this.#wake();
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.log.push(line));
    this.ended.then(() => this.#wake());
  }

  get processId(): number {
    return this.#child.pid!;
  }

  /** The value of a fact when it is told; rejects when the process ends before. */
  async fact(name: string): Promise<string> {
    while (!this.#facts.has(name)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`it ended without "${name}": ${this.log.join('\n')}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.#facts.get(name)!;
  }

  /** Ends it as a service manager does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.#child.kill(signal);
    return await this.ended;
  }

  /** Signals the whole process group, as a terminal does. */
  async interrupt(): Promise<number | string> {
    process.kill(-this.processId, 'SIGINT');
    return await this.ended;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
