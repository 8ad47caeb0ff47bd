// RoomCluster: the room as one machine sees it, over the mesh and the broker. Owns what this machine says of itself and the view of the others.

import { randomBytes } from 'node:crypto';
import { errorLine, ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import { fromWireError, toWireError, type WireError } from '../runes/host/message-link.ts';
import { Broker } from './broker/broker.ts';
import { MAX_CALL_MS, type Payload } from './broker/packets.ts';
import type { Cluster, JoinOptions, Member, MemberChange, RemoteCall, RemoteEvent } from './cluster.ts';
import { checkDescription, type Description, type InterfaceName, memberOf } from './description.ts';
import { FRAME_KINDS, type Frame } from './mesh/frames.ts';
import { Mesh } from './mesh/mesh.ts';
import { View } from './view.ts';
import { decodeData, encodeData } from './wire-data.ts';

/** Calls of one member that are being answered; more are refused. */
export const MAX_ANSWERING = 512;
const TELL_MS = 10_000;
/** Between two lives of a member. */
const RENAME_MS = 10_000;

export class RoomCluster implements Cluster {
  readonly #options: JoinOptions;
  readonly #base: string;
  readonly #view = new View();
  readonly #mesh: Mesh;
  readonly #broker: Broker;
  readonly #answering = new Map<string, number>();
  #description: Description;
  /** Members whose link is not their first. */
  readonly #returned = new Set<string>();
  #isClosed = false;
  #renaming: NodeJS.Timeout | undefined;
  #renamedAt = Number.NEGATIVE_INFINITY;

  /** @throws ViverError CLUSTER_BAD_KEY, CLUSTER_BAD_DESCRIPTION */
  constructor(options: JoinOptions, log: Log) {
    this.#options = options;
    const { key, name, address, port, labels } = options;
    this.#base = `${name.replace(/[^A-Za-z0-9_.-]/g, '-')}~${randomBytes(6).toString('hex')}`;
    this.#description = checkDescription({
      name,
      address,
      since: Date.now(),
      labels,
      offers: [],
      listens: [],
      life: 0,
    });
    this.#mesh = new Mesh({
      id: this.#base,
      key,
      address,
      port,
      log,
      linked: (id) => this.#linked(id),
      frame: (id, frame) => this.#frame(id, frame),
      lost: (id) => this.#broker.lose(id),
    });
    this.#broker = new Broker(this.#base, this.#mesh, this.#description, {
      seen: (id, description) => this.#view.see(id, description),
      gone: (id, isFarewell) => this.#gone(id, isFarewell),
      call: (from, params) => this.#answer(from, params),
      tell: (from, params) => this.#hear(from, params),
    });
  }

  /** @throws ViverError CLUSTER_LISTEN */
  async open(): Promise<void> {
    await this.#broker.start();
    try {
      await this.#mesh.open();
    } catch (error) {
      await this.#broker.stop();
      throw error;
    }
    this.#mesh.meet(this.#options.seeds);
  }

  get self(): Member {
    return memberOf(this.#base, this.#description);
  }

  members(): readonly Member[] {
    return [this.self, ...this.#view.members].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  onChange(listener: (change: MemberChange) => void): () => void {
    return this.#view.onChange(listener);
  }

  /** @throws ViverError CLUSTER_BAD_DESCRIPTION */
  describe({ labels, offers }: Parameters<Cluster['describe']>[0]): void {
    this.#tell({ ...(labels ? { labels } : {}), ...(offers ? { offers } : {}) });
  }

  listen(interfaces: readonly InterfaceName[]): void {
    this.#tell({ listens: interfaces.map(({ name, version }) => ({ name, version })) });
  }

  async call(memberId: string, call: RemoteCall, timeoutMs: number): Promise<unknown> {
    const base = this.#view.baseOf(memberId);
    const { interfaceName: name, version, method } = call;
    const what = `${name}.${method} of ${(base && this.#view.member(base)?.name) ?? memberId}`;
    const params = { name, version, method, data: encodeData(call.request, what) };
    if (this.#isClosed || base === undefined || !this.#mesh.has(base)) throw gone(what);
    const limit = Math.min(Math.max(timeoutMs, 1), MAX_CALL_MS);
    const answer = await this.#broker.call(base, 'call', params, limit).catch((error: unknown) => {
      throw fromBroker(error, what, limit);
    });
    return readAnswer(answer);
  }

  emit({ interfaceName: name, version, event, data }: RemoteEvent): void {
    const params = { name, version, event, data: encodeData(data, `${name}.${event}`) };
    // An event is told at most once: whoever is gone, or does not answer, has missed it.
    for (const base of this.#view.listeners({ name, version })) {
      void this.#broker.call(base, 'tell', params, TELL_MS).catch(() => {});
    }
  }

  meet(addresses: readonly string[]): void {
    if (!this.#isClosed) this.#mesh.meet(addresses);
  }

  async leave(): Promise<void> {
    if (this.#isClosed) return;
    this.#close();
    await this.#broker.stop();
    await this.#mesh.close();
  }

  /** Goes without a farewell, as by a pulled plug. For tests. */
  async abandon(): Promise<void> {
    this.#close();
    this.#mesh.abandon();
    await this.#broker.stop();
  }

  #close(): void {
    this.#isClosed = true;
    clearTimeout(this.#renaming);
    this.#view.close();
  }

  #tell(change: Partial<Description>): void {
    this.#description = checkDescription({ ...this.#description, ...change });
    this.#broker.describe(this.#description);
  }

  #linked(id: string): void {
    const lost = this.#view.lostLife(id);
    // Who was no member before can't have lost this one.
    if (lost !== undefined || this.#view.member(id)) this.#returned.add(id);
    else this.#returned.delete(id);
    if (lost !== undefined) this.#mesh.send(id, FRAME_KINDS.lost, String(lost));
    this.#broker.introduce(id);
  }

  #frame(id: string, frame: Frame): void {
    if (frame.kind === FRAME_KINDS.lost) {
      if (this.#returned.delete(id)) this.#wasLost(frame.body);
    } else if (!this.#broker.transporter.take(id, frame)) {
      throw new ViverError('CLUSTER_BAD_FRAME', `a packet of kind ${frame.kind} that is none`);
    }
  }

  /** Somebody had counted this member as lost, which is final: so it is a new one. Not too often, or a member that lies keeps the room busy. */
  #wasLost(life: string): void {
    if (life !== String(this.#description.life) || this.#renaming) return;
    const wait = this.#renamedAt + RENAME_MS - performance.now();
    this.#renaming = setTimeout(() => this.#rename(), Math.max(wait, 0));
  }

  #rename(): void {
    this.#renaming = undefined;
    this.#renamedAt = performance.now();
    this.#tell({ life: this.#description.life + 1 });
  }

  #gone(id: string, isFarewell: boolean): void {
    this.#answering.delete(id);
    this.#returned.delete(id);
    this.#view.forget(id, isFarewell ? 'left' : 'lost');
    if (isFarewell) this.#mesh.dismiss(id);
  }

  async #answer(id: string, { name, version, method, data }: Payload): Promise<Answer> {
    try {
      const from = this.#view.member(id);
      if (!from) throw gone(`${id}, who asks,`);
      const { call } = this.#options.handlers;
      const request = { ...readNames(name, version), method: readName(method), request: decodeData(data) };
      const reply = await this.#counted(id, () => call(from, request));
      return { data: encodeData(reply, `${this.#options.name} answers ${request.interfaceName}.${request.method}`) };
    } catch (error) {
      return { error: toWireError(error) };
    }
  }

  async #counted<T>(id: string, work: () => Promise<T>): Promise<T> {
    const count = this.#answering.get(id) ?? 0;
    if (count >= MAX_ANSWERING) {
      throw new ViverError('CLUSTER_BUSY', `${this.#options.name} answers ${count} calls of ${id} already`, {
        retryable: true,
      });
    }
    this.#answering.set(id, count + 1);
    try {
      return await work();
    } finally {
      this.#answering.set(id, (this.#answering.get(id) ?? 1) - 1);
    }
  }

  #hear(id: string, { name, version, event, data }: Payload): void {
    const from = this.#view.member(id);
    const names = readNames(name, version);
    const { listens } = this.#description;
    const isWanted = listens.some((one) => one.name === names.interfaceName && one.version === names.version);
    if (!from || !isWanted || this.#isClosed) return;
    this.#options.handlers.event(from, { ...names, event: readName(event), data: decodeData(data) });
  }
}

/** Errors of the other side's handlers are answers too. */
type Answer = { readonly data: string } | { readonly error: WireError };

function readAnswer(answer: unknown): unknown {
  const { data, error } = (answer ?? {}) as { data?: unknown; error?: Partial<WireError> };
  if (!error) return decodeData(data);
  const { code, message, retryable } = error;
  throw fromWireError({ code: readName(code), message: String(message), retryable: retryable === true });
}

function readNames(name: unknown, version: unknown): { interfaceName: string; version: number } {
  if (typeof version !== 'number') throw new ViverError('CLUSTER_BAD_DATA', `version ${version}`);
  return { interfaceName: readName(name), version };
}

function readName(name: unknown): string {
  if (typeof name === 'string' && name.length <= 128) return name;
  throw new ViverError('CLUSTER_BAD_DATA', `a name that is a ${typeof name}`);
}

function fromBroker(error: unknown, what: string, limitMs: number): ViverError {
  if (error instanceof ViverError) return error;
  const { name } = error as Error;
  if (name === 'RequestTimeoutError') {
    return new ViverError('CLUSTER_TIMEOUT', `${what}: no answer within ${limitMs} ms`, { retryable: true });
  }
  if (name === 'QueueIsFullError')
    return new ViverError('CLUSTER_BUSY', `${what}: ${errorLine(error)}`, { retryable: true });
  return gone(what);
}

function gone(what: string): ViverError {
  return new ViverError('CLUSTER_GONE', `${what} is not in the room`, { retryable: true });
}
