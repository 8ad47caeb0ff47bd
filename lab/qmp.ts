// QEMU's monitor in JSON (qemu docs/interop/qmp-spec.rst): greeting, capabilities, then commands and events over any byte stream.
// The client owns what is asked and not yet answered.

import type { Duplex } from 'node:stream';
import { errorLine, ViverError } from '../src/errors.ts';
import { encodeJsonLine, JsonLines, type JsonObject } from './json-lines.ts';

const COMMAND_TIMEOUT_MS = 20_000;

export interface QmpEvent {
  /** `RESET`, `SHUTDOWN`, `POWERDOWN`, … (qemu qapi/run-state.json). */
  readonly name: string;
  readonly data: JsonObject;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class QmpClient {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #lines = new JsonLines();
  #nextId = 1;

  /** @param stream A connection to a monitor in control mode; capabilities are agreed on at once. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    stream.on('error', () => {}); // 'close' follows and tells those who wait
    stream.on('close', () => this.#fail('QEMU has ended'));
    this.execute('qmp_capabilities').catch(() => {}); // a machine that ends at once is reported by its exit
  }

  /** Runs one command; rejects with LAB_QMP when QEMU refuses it, ends, or says nothing in time. */
  execute(command: string, argumentsOf: JsonObject = {}, timeoutMs = COMMAND_TIMEOUT_MS): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#reject(id, `no answer to ${command} in ${timeoutMs / 1000} s`), timeoutMs);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      if (this.#stream.writable) this.#stream.write(encodeJsonLine({ execute: command, arguments: argumentsOf, id }));
      else this.#reject(id, 'QEMU has ended');
    });
  }

  onEvent(listener: (event: QmpEvent) => void): void {
    this.#listeners.add(listener);
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const message of this.#lines.push(chunk)) this.#take(message);
    } catch (error) {
      this.#stream.destroy();
      this.#fail(errorLine(error));
    }
  }

  #take(message: JsonObject): void {
    if (typeof message.event === 'string') {
      const event = { name: message.event, data: (message.data ?? {}) as JsonObject };
      for (const listener of this.#listeners) listener(event);
    } else if (typeof message.id === 'number') {
      this.#answer(message.id, message);
    }
  }

  #answer(id: number, message: JsonObject): void {
    const error = message.error as { desc?: unknown } | undefined;
    if (error) {
      this.#reject(id, String(error.desc ?? 'refused'));
      return;
    }
    this.#waiting.get(id)?.resolve(message.return);
    this.#waiting.delete(id);
  }

  #reject(id: number, reason: string): void {
    this.#waiting.get(id)?.reject(new ViverError('LAB_QMP', `QEMU: ${reason}`));
    this.#waiting.delete(id);
  }

  #fail(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#reject(id, reason);
  }
}
