// A cell holds one rune: the rune's end of every message. LocalCell runs it in this thread (the built-in runes of the host's thread, and the one
// rune of a foreign process); ForeignCell (foreign-cell.ts) stands for a rune in a process of its own. Owns the rune's handlers and listeners.

import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Facts } from '../contract/facts.ts';
import { type AnyInterface, checkMessage } from '../contract/interface.ts';
import { manifestOf, type RuneManifest } from '../contract/manifest.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { AnyRune, RuneContext, Started } from '../contract/rune.ts';

/** How a rune reaches what lies outside its cell. */
export interface Outside {
  readonly log: Log;
  readonly files: RootFiles;
  /** Asks whoever offers `interfaceName`. The host keeps the time limit. */
  call(interfaceName: string, method: string, request: unknown, timeoutMs?: number): Promise<unknown>;
  emit(interfaceName: string, event: string, data: unknown): void;
}

/** What a rune is started with; plain data. */
export interface StartData {
  readonly facts: Facts;
  readonly settings: unknown;
}

export interface Cell {
  readonly manifest: RuneManifest;
  /** Of a rune that has a process of its own. */
  readonly processId?: number | undefined;
  /**
   * The settings as the rune would get them: checked, defaults put in. Nothing is started.
   * @throws ViverError RUNES_BAD_MESSAGE with the path of the first wrong one.
   */
  settings(given: unknown): Promise<unknown>;
  start(data: StartData): Promise<void>;
  call(interfaceName: string, method: string, request: unknown): Promise<unknown>;
  deliver(interfaceName: string, event: string, data: unknown): void;
  stop(): Promise<void>;
  /** Takes the rune's process away, if it has one. What hangs, hangs no longer. */
  end(): Promise<void>;
}

type Handler = (request: unknown) => unknown;
type Listener = (data: unknown) => void;

export class LocalCell implements Cell {
  readonly manifest: RuneManifest;
  readonly #rune: AnyRune;
  readonly #outside: Outside;
  readonly #abort = new AbortController();
  readonly #handlers = new Map<string, Readonly<Record<string, Handler>>>();
  readonly #listeners = new Map<string, Listener[]>();
  #started: Started | undefined;

  constructor(rune: AnyRune, origin: string, outside: Outside) {
    this.manifest = manifestOf(rune, origin);
    this.#rune = rune;
    this.#outside = outside;
  }

  async settings(given: unknown): Promise<unknown> {
    return this.#checkedSettings(given);
  }

  /** @throws ViverError RUNES_BAD_MESSAGE for settings, RUNES_NOT_OFFERED; and whatever the rune throws. */
  async start(data: StartData): Promise<void> {
    this.#started = (await this.#rune.start(this.#context(data))) ?? undefined;
    const silent = this.#rune.offers.find(({ name }: AnyInterface) => !this.#handlers.has(name));
    if (silent) {
      throw new ViverError(
        'RUNES_NOT_OFFERED',
        `rune ${this.#rune.name} ended its start without offering ${silent.name}`,
      );
    }
  }

  async call(interfaceName: string, method: string, request: unknown): Promise<unknown> {
    const calls = this.#declared('offers', interfaceName)?.calls ?? {};
    const shape = Object.hasOwn(calls, method) ? calls[method] : undefined;
    const handlers = this.#handlers.get(interfaceName);
    const what = `${this.#rune.name} answers ${interfaceName}.${method}`;
    if (!shape || !handlers) throw new ViverError('RUNES_UNKNOWN_CALL', `${what}: no such call`);
    const reply = await handlers[method]?.(checkMessage(shape.request, request, `${what}: request`));
    return checkMessage(shape.reply, reply, `${what}: reply`);
  }

  deliver(interfaceName: string, event: string, data: unknown): void {
    for (const listener of this.#listeners.get(`${interfaceName} ${event}`) ?? []) listener(data);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#started?.stop?.();
  }

  async end(): Promise<void> {
    this.#abort.abort();
  }

  #checkedSettings(given: unknown): unknown {
    const { name, settings } = this.#rune;
    return settings ? checkMessage(settings, given ?? {}, `settings of ${name}`) : given;
  }

  #context({ facts, settings }: StartData): RuneContext {
    const rune = this.#rune;
    return {
      name: rune.name,
      facts,
      settings: this.#checkedSettings(settings),
      log: this.#outside.log,
      files: this.#outside.files,
      signal: this.#abort.signal,
      ask: (needed) => this.#client(needed) as never,
      offer: (offered, handlers) => this.#offer(offered, handlers as Readonly<Record<string, Handler>>),
      emit: (offered, event, data) => {
        const shape = this.#assertDeclared('offers', offered).events[event];
        if (!shape) throw new ViverError('RUNES_UNKNOWN_EVENT', `${offered.name} has no event ${event}`);
        this.#outside.emit(
          offered.name,
          event,
          checkMessage(shape, data, `${rune.name} tells ${offered.name}.${event}`),
        );
      },
      on: (needed, event, listener) => this.#listen(needed, event, listener as Listener),
    };
  }

  #offer(offered: AnyInterface, handlers: Readonly<Record<string, Handler>>): void {
    this.#assertDeclared('offers', offered);
    const absent = Object.keys(offered.calls).find((method) => typeof handlers[method] !== 'function');
    if (absent)
      throw new ViverError('RUNES_NOT_OFFERED', `rune ${this.#rune.name}: no handler for ${offered.name}.${absent}`);
    this.#handlers.set(offered.name, handlers);
  }

  /** The asking end: the request is checked before it leaves, the reply when it comes. */
  #client(needed: AnyInterface): Readonly<Record<string, Handler>> {
    const { calls } = this.#assertDeclared('needs', needed);
    const client: Record<string, Handler> = {};
    for (const [method, shape] of Object.entries<AnyInterface['calls'][string]>(calls)) {
      const what = `${this.#rune.name} asks ${needed.name}.${method}`;
      client[method] = async (request) => {
        const checked = checkMessage(shape.request, request, `${what}: request`);
        const reply = await this.#outside.call(needed.name, method, checked, shape.timeoutMs);
        return checkMessage(shape.reply, reply, `${what}: reply`);
      };
    }
    return Object.freeze(client);
  }

  #listen(needed: AnyInterface, event: string, listener: Listener): void {
    const shape = this.#assertDeclared('needs', needed).events[event];
    if (!shape) throw new ViverError('RUNES_UNKNOWN_EVENT', `${needed.name} has no event ${event}`);
    const key = `${needed.name} ${event}`;
    const checked = (data: unknown) =>
      listener(checkMessage(shape, data, `${this.#rune.name} hears ${needed.name}.${event}`));
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), checked]);
  }

  #declared(list: 'offers' | 'needs', name: string): AnyInterface | undefined {
    return this.#rune[list].find((item: AnyInterface) => item.name === name);
  }

  #assertDeclared(list: 'offers' | 'needs', wanted: AnyInterface): AnyInterface {
    const declared = this.#declared(list, wanted.name);
    if (declared) return declared;
    throw new ViverError('RUNES_NOT_DECLARED', `rune ${this.#rune.name} has no ${wanted.name} among its ${list}`);
  }
}
