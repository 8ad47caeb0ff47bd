// A program beside the benchmark: what it prints, and its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const LINE_MS = 180_000;

export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #text = '';
  #onText: () => void = () => {};

  /** @param input A file descriptor to read from; a pipe that `write` fills when left out. */
  constructor(command: string, args: readonly string[], { input, output }: { input?: number; output?: number } = {}) {
    this.#name = command;
    this.#child = spawn(command, args, { stdio: [input ?? 'pipe', output ?? 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#text += chunk;
        this.#onText();
      });
    }
    this.#child.on('close', () => this.#onText());
  }

  /** Waits until what it has printed since the last call matches. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = setTimeout(() => this.stop(), LINE_MS);
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found) {
        clearTimeout(deadline);
        this.#text = this.#text.slice(found.index + found[0].length);
        return found;
      }
      if (this.#ended) throw new Error(`${this.#name} ended without ${pattern}: ${this.#text.slice(-2000)}`);
      await new Promise<void>((resolve) => {
        this.#onText = resolve;
      });
    }
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Resolves when it has ended by itself. */
  async end(): Promise<void> {
    if (!this.#ended) await once(this.#child, 'close');
    if (this.#child.exitCode !== 0) throw new Error(`${this.#name} failed: ${this.#text.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
