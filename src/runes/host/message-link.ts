// MessageLink: questions with answers over a message port, alike on both sides. Plain data only. What the other side sends is checked for its
// kind; unknown kinds, and what no handler can take, are counted, not thrown. Owns the questions that wait for an answer.

import { ViverError } from '../../errors.ts';

/** What a worker's port, a message channel's and a pipe's (frame-port.ts) have in common. */
export interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** An error as it crosses: without stack, class or cause. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

type LinkMessage =
  | { readonly kind: 'ask'; readonly id: number; readonly topic: string; readonly body: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly body?: unknown; readonly error?: WireError }
  | { readonly kind: 'tell'; readonly topic: string; readonly body: unknown };

export interface LinkHandlers {
  /** Answers a question of the other side; a rejection crosses as an error. */
  readonly ask: Readonly<Record<string, (body: never) => unknown>>;
  /** Takes what needs no answer. */
  readonly tell: Readonly<Record<string, (body: never) => void>>;
}

/** More questions than this on the way to one side: it does not keep up, and new ones are refused. */
export const MAX_OPEN_QUESTIONS = 1024;

/** Questions of one side that are being answered; fewer, so that one that asks without end leaves room for others who ask the same. */
export const MAX_OPEN_ANSWERS = 256;

/** Of an error's text that came from the other side. */
const MAX_ERROR_CHARACTERS = 1000;

interface Question {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

export class MessageLink {
  readonly #port: Port;
  readonly #handlers: LinkHandlers;
  readonly #questions = new Map<number, Question>();
  #nextId = 1;
  #answering = 0;
  #closed: string | undefined;
  /** Messages of no known kind or topic, or that make no sense there. */
  unknownMessages = 0;

  constructor(port: Port, handlers: LinkHandlers) {
    this.#port = port;
    this.#handlers = handlers;
    port.on('message', (message) => this.#take(message as LinkMessage));
  }

  /**
   * Asks the other side.
   * @param timeoutMs Undefined waits as long as the other side lives.
   * @throws ViverError The other side's own error, RUNES_TIMEOUT, RUNES_GONE, RUNES_BUSY.
   */
  ask(topic: string, body: unknown, timeoutMs?: number): Promise<unknown> {
    if (this.#closed !== undefined) return Promise.reject(gone(this.#closed));
    if (this.#questions.size >= MAX_OPEN_QUESTIONS) return Promise.reject(tooMany(topic, MAX_OPEN_QUESTIONS));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(id)?.reject(timedOut(topic, timeoutMs ?? 0));
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      this.#questions.set(id, { resolve, reject, timer });
      try {
        this.#port.postMessage({ kind: 'ask', id, topic, body } satisfies LinkMessage);
      } catch (error) {
        this.#settle(id)?.reject(error);
      }
    });
  }

  /** Sends what needs no answer. @throws What the port throws: the message can't cross, or the other side takes none. */
  tell(topic: string, body: unknown): void {
    if (this.#closed === undefined) this.#port.postMessage({ kind: 'tell', topic, body } satisfies LinkMessage);
  }

  /** Fails all that waits; later questions fail at once with `reason`. */
  close(reason: string): void {
    this.#closed ??= reason;
    for (const id of [...this.#questions.keys()]) this.#settle(id)?.reject(gone(this.#closed));
  }

  #settle(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    clearTimeout(question?.timer);
    return question;
  }

  #take(message: LinkMessage): void {
    if (message?.kind === 'ask') void this.#answer(message.id, message.topic, message.body);
    else if (message?.kind === 'tell') this.#told(message.topic, message.body);
    else if (message?.kind === 'answer') this.#answered(message.id, message.body, message.error);
    else this.unknownMessages++;
  }

  /** An answer to nothing is a late one, whose question has timed out. */
  #answered(id: number, body: unknown, error: WireError | undefined): void {
    const question = this.#settle(id);
    if (error) question?.reject(fromWireError(error));
    else question?.resolve(body);
  }

  #told(topic: string, body: unknown): void {
    const handler = own(this.#handlers.tell, topic);
    try {
      if (handler) handler(body as never);
      else this.unknownMessages++;
    } catch {
      this.unknownMessages++;
    }
  }

  async #answer(id: number, topic: string, body: unknown): Promise<void> {
    const handler = own(this.#handlers.ask, topic);
    if (!handler) this.unknownMessages++;
    this.#answering++;
    try {
      if (this.#answering > MAX_OPEN_ANSWERS) throw tooMany(topic, MAX_OPEN_ANSWERS);
      if (!handler) throw new ViverError('RUNES_UNKNOWN_TOPIC', `nobody here answers '${topic}'`);
      const reply = await handler(body as never);
      this.#post({ kind: 'answer', id, body: reply });
    } catch (error) {
      this.#post({ kind: 'answer', id, error: toWireError(error) });
    } finally {
      this.#answering--;
    }
  }

  /** An answer that can't cross is an error of the call; if not even that can, the question runs into its time limit. */
  #post(answer: LinkMessage & { readonly kind: 'answer' }): void {
    if (this.#closed !== undefined) return;
    try {
      this.#port.postMessage(answer);
    } catch (error) {
      if (answer.error) this.unknownMessages++;
      else this.#post({ kind: 'answer', id: answer.id, error: toWireError(error) });
    }
  }
}

function tooMany(topic: string, limit: number): ViverError {
  return new ViverError('RUNES_BUSY', `${topic}: ${limit} questions wait`, { retryable: true });
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

export function toWireError(error: unknown): WireError {
  if (error instanceof ViverError) return { code: error.code, message: error.message, retryable: error.retryable };
  return { code: 'RUNES_THREW', message: error instanceof Error ? error.message : String(error), retryable: false };
}

export function fromWireError(error: WireError): ViverError {
  const text = String(error.message).slice(0, MAX_ERROR_CHARACTERS);
  return new ViverError(error.code, text, { retryable: error.retryable === true });
}

function gone(reason: string): ViverError {
  return new ViverError('RUNES_GONE', reason);
}

/** The error of whatever did not answer in time. */
export function timedOut(what: string, limitMs: number): ViverError {
  return new ViverError('RUNES_TIMEOUT', `${what}: no answer within ${limitMs} ms`, { retryable: true });
}
