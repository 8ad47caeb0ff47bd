// The benchmark's end of a crowd: starts the process in a namespace, sends requests, keeps the newest view.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CrowdRequest, CrowdView } from './crowd.ts';
import { inside, type Side } from './namespaces.ts';

export interface Opened {
  readonly loadMs: number;
  readonly openMs: number;
  readonly rssBefore: number;
  readonly rss: number;
}

export class Crowd {
  readonly process: ChildProcess;
  view: CrowdView = { names: [], least: 0, knowing: 0, cpuMs: 0, rss: 0 };
  readonly troubles: string[] = [];
  readonly #waiting = new Map<string, (value: never) => void>();

  constructor(side: Side, node: readonly string[] = []) {
    this.process = spawn(
      'ip',
      [...inside(side), process.execPath, ...process.execArgv, ...node, join(import.meta.dirname, 'crowd.ts')],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' },
    );
    this.process.on('message', (message: Record<string, never>) => this.#take(message));
    this.process.on('error', (error) => this.troubles.push(String(error)));
  }

  #take(message: Record<string, never>): void {
    for (const [kind, value] of Object.entries(message)) {
      if (kind === 'view') this.view = value;
      else if (kind === 'trouble') this.troubles.push(value);
      else this.#waiting.get(kind)?.(value);
    }
  }

  send(request: CrowdRequest): void {
    if (this.process.connected) this.process.send(request);
  }

  /** Sends a request and waits for the answer of that kind. */
  ask<T>(kind: string, request: CrowdRequest): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    this.#waiting.set(kind, resolve as (value: never) => void);
    this.send(request);
    return promise;
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }
}
