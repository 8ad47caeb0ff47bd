// A node of a field as a process of its own, for tests: test/programs/field-node.ts and what can be asked of it.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FieldStatus } from '../../src/vfield/field.ts';

const PROGRAM = join(import.meta.dirname, '../programs/field-node.ts');

/** A field-node program that answers commands with lines of JSON. */
export class FieldProcess {
  port = 0;
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, ((value: never) => void)[]>();

  /** @param namespace The network namespace that it runs in; this one when left out. */
  constructor(words: readonly string[], namespace?: string) {
    const command = [process.execPath, PROGRAM, ...words, '--quiet'];
    // `ip netns exec` becomes the program itself, so a signal reaches it.
    const inside = namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command];
    this.#child = spawn(inside[0]!, inside.slice(1), { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Record<string, never>;
      for (const [key, value] of Object.entries(answer)) this.#waiting.get(key)?.shift()?.(value);
    });
    this.ready = this.#answer<number>('port').then((port) => {
      this.port = port;
    });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  readAll(): Promise<string> {
    return this.#ask('all');
  }

  status(): Promise<FieldStatus> {
    return this.#ask('status');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ask<Value>(command: string): Promise<Value> {
    this.#child.stdin!.write(`${command}\n`);
    return this.#answer(command);
  }

  #answer<Value>(key: string): Promise<Value> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? [];
      this.#waiting.set(key, [...waiting, resolve as (value: never) => void]);
    });
  }
}
