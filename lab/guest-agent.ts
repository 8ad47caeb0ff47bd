// The guest's side of the lab: qemu-guest-agent over a virtio-serial port (qemu qga/qapi-schema.json). Commands run in the guest as
// root; files are written there in pieces. One question at a time; a sync before the first one, and after each silence, throws away
// what an earlier question left in the channel (guest-sync-delimited).

import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ViverError } from '../src/errors.ts';
import { encodeJsonLine, JsonLines, type JsonObject } from './json-lines.ts';

const ANSWER_TIMEOUT_MS = 60_000;

/** How often a silent guest is asked again, and a running program looked at. */
const INTERVALS = { syncMs: 3000, pollMs: 250 };

const WRITE_PIECE_BYTES = 192 * 1024;

/** A byte that no JSON holds: it makes the agent forget half a line. */
const FLUSH = Buffer.from([0xff]);

/** What a command in the guest left behind; output beyond 16 MiB is cut by the agent. */
export interface GuestResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class GuestAgent {
  readonly #name: string;
  readonly #intervals: typeof INTERVALS;
  readonly #stream: Duplex;
  readonly #lines = new JsonLines();
  #take: ((message: JsonObject) => void) | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #inSync = false;
  #nextSync = 1;

  /** @param name The machine, for error messages. */
  constructor(name: string, stream: Duplex, intervals = INTERVALS) {
    this.#intervals = intervals;
    this.#name = name;
    this.#stream = stream;
    stream.on('data', (chunk: Uint8Array) => {
      for (const message of this.#lines.push(chunk)) this.#take?.(message);
    });
    stream.on('error', () => {}); // an answer that does not come is noticed by its time limit
  }

  /** Waits until the agent answers. @throws ViverError LAB_AGENT after `timeoutMs`. */
  async waitReady(timeoutMs: number): Promise<void> {
    await this.#inTurn(() => this.#sync(timeoutMs));
  }

  /** Runs a program to its end. @throws ViverError LAB_AGENT when it can't be started or takes longer than `timeoutMs`. */
  async run(
    command: string,
    args: readonly string[],
    options: { input?: string; timeoutMs?: number } = {},
  ): Promise<GuestResult> {
    const deadline = Date.now() + (options.timeoutMs ?? ANSWER_TIMEOUT_MS);
    const started = await this.#ask('guest-exec', {
      path: command,
      arg: args,
      'capture-output': true,
      ...(options.input === undefined ? {} : { 'input-data': Buffer.from(options.input).toString('base64') }),
    });
    const pid = (started as { pid: number }).pid;
    for (;;) {
      const state = (await this.#ask('guest-exec-status', { pid })) as JsonObject;
      if (state.exited === true) return guestResult(state);
      if (Date.now() > deadline) throw this.#error(`${command} ${args.join(' ')}: not done in time`);
      await delay(this.#intervals.pollMs);
    }
  }

  /** Runs a shell script in the guest. */
  shell(script: string, timeoutMs?: number): Promise<GuestResult> {
    return this.run('/bin/sh', ['-c', script], timeoutMs === undefined ? {} : { timeoutMs });
  }

  async writeFile(path: string, content: Uint8Array): Promise<void> {
    const handle = await this.#ask('guest-file-open', { path, mode: 'w' });
    for (let at = 0; at < content.length; at += WRITE_PIECE_BYTES) {
      const piece = Buffer.from(content.subarray(at, at + WRITE_PIECE_BYTES)).toString('base64');
      await this.#ask('guest-file-write', { handle, 'buf-b64': piece });
    }
    await this.#ask('guest-file-close', { handle });
  }

  /** Asks the guest to power off; the agent does not answer to that. */
  async powerDown(): Promise<void> {
    await this.#inTurn(async () => this.#send('guest-shutdown', { mode: 'powerdown' }));
  }

  #ask(command: string, argumentsOf: JsonObject): Promise<unknown> {
    return this.#inTurn(async () => {
      if (!this.#inSync) await this.#sync(ANSWER_TIMEOUT_MS);
      const answer = this.#next((message) => 'return' in message || 'error' in message, ANSWER_TIMEOUT_MS);
      this.#send(command, argumentsOf);
      return this.#resultOf(command, await answer);
    });
  }

  #resultOf(command: string, answer: JsonObject | undefined): unknown {
    this.#inSync = answer !== undefined;
    if (!answer) throw this.#error(`no answer to ${command}`);
    const error = answer.error as { desc?: unknown } | undefined;
    if (error) throw this.#error(`${command}: ${String(error.desc ?? 'refused')}`);
    return answer.return;
  }

  async #sync(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const id = this.#nextSync++;
      const answer = this.#next(
        (message) => message.return === id,
        Math.min(this.#intervals.syncMs, deadline - Date.now()),
      );
      this.#stream.write(FLUSH);
      this.#send('guest-sync-delimited', { id });
      this.#inSync = (await answer) !== undefined;
      if (this.#inSync) return;
      if (!this.#stream.writable) break;
    }
    throw this.#error(`the guest agent does not answer (${Math.round(timeoutMs / 1000)} s)`);
  }

  #send(command: string, argumentsOf: JsonObject): void {
    this.#stream.write(encodeJsonLine({ execute: command, arguments: argumentsOf }));
  }

  /** The next message that `accept` takes, or undefined after the time limit. */
  #next(accept: (message: JsonObject) => boolean, timeoutMs: number): Promise<JsonObject | undefined> {
    return new Promise((resolve) => {
      const settle = (message: JsonObject | undefined) => {
        clearTimeout(timer);
        this.#stream.removeListener('close', giveUp);
        this.#take = undefined;
        resolve(message);
      };
      const giveUp = () => settle(undefined);
      const timer = setTimeout(giveUp, timeoutMs);
      this.#stream.once('close', giveUp);
      this.#take = (message) => {
        if (accept(message)) settle(message);
      };
      if (this.#stream.destroyed) giveUp();
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(task);
    this.#tail = turn.catch(() => {});
    return turn;
  }

  #error(reason: string): ViverError {
    return new ViverError('LAB_AGENT', `${this.#name}: ${reason}`, { retryable: true });
  }
}

function guestResult(state: JsonObject): GuestResult {
  const text = (value: unknown) => (typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '');
  // A program ended by a signal has no exit code: shells call it 128 + signal.
  const status = typeof state.exitcode === 'number' ? state.exitcode : 128 + Number(state.signal ?? 0);
  return { status, stdout: text(state['out-data']), stderr: text(state['err-data']) };
}
