// A cell holds one rune: the rune's end of every message. LocalCell runs it in this thread (the built-in runes of the host's thread, and the one
// rune of a foreign process); ForeignCell (foreign-cell.ts) stands for a rune in a process of its own. Owns the rune's handlers and listeners.

import type { $ZodType } from 'zod/v4/core';
import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Facts } from '../contract/facts.ts';
import { type AnyInterface, checkMessage } from '../contract/interface.ts';
import { manifestOf, type RuneManifest } from '../contract/manifest.ts';
import type { Member, MemberChange, Where } from '../contract/room.ts';
import type { RootFiles } from '../contract/root-files.ts';
import type { AnyRune, RuneContext, Started } from '../contract/rune.ts';
import { clientOf } from './client.ts';
import { RoomClient } from './room-client.ts';
import type { RoomRequest } from './room-request.ts';

/** How a rune reaches what lies outside its cell. */
export interface Outside {
  readonly log: Log;
  readonly files: RootFiles;
  /** Asks whoever offers `interfaceName`. The host keeps the time limit. */
  call(interfaceName: string, method: string, request: unknown, timeoutMs?: number): Promise<unknown>;
  emit(interfaceName: string, event: string, data: unknown): void;
  /** Everything about the other machines of the room. */
  room(request: RoomRequest): Promise<unknown>;
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
  /** @param from The machine that asks by way of the room. */
  call(interfaceName: string, method: string, request: unknown, from?: Member): Promise<unknown>;
  deliver(interfaceName: string, event: string, data: unknown, from?: Member): void;
  /** A machine came, changed or went; told to cells that asked to be. */
  member(change: MemberChange): void;
  stop(): Promise<void>;
  /** Takes the rune's process away, if it has one. What hangs, hangs no longer. */
  end(): Promise<void>;
}

type Handler = (request: unknown, from?: Member) => unknown;
type Listener = (data: unknown, from?: Member) => void;

type Declared = 'offers' | 'needs' | 'seeks';

/** Members whose events did not fit, kept so that each is named once. */
const MAX_DOUBTED = 256;

const LIE = Symbol('a message that does not fit its schema');

export class LocalCell implements Cell {
  readonly manifest: RuneManifest;
  readonly #rune: AnyRune;
  readonly #outside: Outside;
  readonly #abort = new AbortController();
  readonly #handlers = new Map<string, Readonly<Record<string, Handler>>>();
  readonly #listeners = new Map<string, Listener[]>();
  readonly #memberListeners: ((change: MemberChange) => void)[] = [];
  readonly #room: RoomClient;
  readonly #doubted = new Set<string>();
  #started: Started | undefined;

  constructor(rune: AnyRune, origin: string, outside: Outside) {
    this.manifest = manifestOf(rune, origin);
    this.#rune = rune;
    this.#outside = outside;
    this.#room = new RoomClient(rune.name, outside.log, (request) => outside.room(request));
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

  async call(interfaceName: string, method: string, request: unknown, from?: Member): Promise<unknown> {
    const calls = this.#declared('offers', interfaceName)?.calls ?? {};
    const shape = Object.hasOwn(calls, method) ? calls[method] : undefined;
    const handlers = this.#handlers.get(interfaceName);
    const what = `${this.#rune.name} answers ${interfaceName}.${method}`;
    if (!shape || !handlers) throw new ViverError('RUNES_UNKNOWN_CALL', `${what}: no such call`);
    const asked = from ? `${what} for ${from.name}` : what;
    const reply = await handlers[method]?.(checkMessage(shape.request, request, `${asked}: request`), from);
    return checkMessage(shape.reply, reply, `${what}: reply`);
  }

  deliver(interfaceName: string, event: string, data: unknown, from?: Member): void {
    for (const listener of this.#listeners.get(`${interfaceName} ${event}`) ?? []) listener(data, from);
  }

  member(change: MemberChange): void {
    for (const listener of this.#memberListeners) listener(change);
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
      on: (wanted: AnyInterface, event: string, listener: unknown) => this.#listen(wanted, event, listener as Listener),
      find: async (sought, where) => (await this.#findAll(sought, where))[0] as never,
      findAll: async (sought, where) => (await this.#findAll(sought, where)) as never,
      label: (offered, now) => this.#room.label(this.#assertDeclared('offers', offered), now),
      members: () => this.#room.members(),
      onMember: (listener) => {
        if (this.#memberListeners.push(listener) === 1) this.#room.watch();
      },
    };
  }

  #offer(offered: AnyInterface, handlers: Readonly<Record<string, Handler>>): void {
    this.#assertDeclared('offers', offered);
    const absent = Object.keys(offered.calls).find((method) => typeof handlers[method] !== 'function');
    if (absent)
      throw new ViverError('RUNES_NOT_OFFERED', `rune ${this.#rune.name}: no handler for ${offered.name}.${absent}`);
    this.#handlers.set(offered.name, handlers);
  }

  #client(needed: AnyInterface) {
    const { name } = this.#assertDeclared('needs', needed);
    return clientOf(needed, `${this.#rune.name} asks`, (method, request, { timeoutMs }) =>
      this.#outside.call(name, method, request, timeoutMs),
    );
  }

  async #findAll(sought: AnyInterface, where?: Where) {
    return this.#room.findAll(this.#assertDeclared('seeks', sought), where);
  }

  #listen(wanted: AnyInterface, event: string, listener: Listener): void {
    const list = this.#declared('seeks', wanted.name) ? 'seeks' : 'needs';
    const shape = this.#assertDeclared(list, wanted).events[event];
    if (!shape) throw new ViverError('RUNES_UNKNOWN_EVENT', `${wanted.name} has no event ${event}`);
    const key = `${wanted.name} ${event}`;
    const what = `${this.#rune.name} hears ${wanted.name}.${event}`;
    const checked: Listener = (data, from) => {
      const message = from ? this.#believed(shape, data, `${what} from ${from.name}`) : checkMessage(shape, data, what);
      if (message !== LIE) listener(message, from);
    };
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), checked]);
  }

  /** What another machine tells is checked before the rune sees it; that it does not fit is the other's fault, and ends nothing here. */
  #believed(shape: $ZodType, data: unknown, what: string): unknown {
    try {
      return checkMessage(shape, data, what);
    } catch (error) {
      // Said once for each member and event: who keeps lying does not fill the log.
      if (!this.#doubted.has(what)) this.#outside.log.warn(errorLine(error));
      if (this.#doubted.size >= MAX_DOUBTED) this.#doubted.clear();
      this.#doubted.add(what);
      return LIE;
    }
  }

  #declared(list: Declared, name: string): AnyInterface | undefined {
    return (this.#rune[list] ?? []).find((item: AnyInterface) => item.name === name);
  }

  #assertDeclared(list: Declared, wanted: AnyInterface): AnyInterface {
    const declared = this.#declared(list, wanted.name);
    if (declared) return declared;
    throw new ViverError('RUNES_NOT_DECLARED', `rune ${this.#rune.name} has no ${wanted.name} among its ${list}`);
  }
}
