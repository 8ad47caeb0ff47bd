// MemoryMember: one member of a MemoryHub. Messages are copied as plain data on their way, as a wire would. Owns its view of the room, the
// calls that wait for an answer, and which events it wants.

import { ViverError } from '../errors.ts';
import { asPlainData } from '../runes/contract/plain-data.ts';
import { fromWireError, toWireError, type WireError } from '../runes/host/message-link.ts';
import type { Cluster, JoinOptions, Member, MemberChange, RemoteCall, RemoteEvent } from './cluster.ts';
import type { MemoryHub } from './memory.ts';

type Answer = { readonly reply: unknown } | { readonly error: WireError };
type Interface = Parameters<Cluster['listen']>[0][number];

interface OpenCall {
  readonly memberId: string;
  readonly settle: (answer: Answer) => void;
}

export class MemoryMember implements Cluster {
  readonly #hub: MemoryHub;
  readonly #options: JoinOptions;
  readonly #view = new Map<string, Member>();
  readonly #listeners = new Set<(change: MemberChange) => void>();
  readonly #open = new Set<OpenCall>();
  readonly #addresses: Set<string>;
  #interests: readonly Interface[] = [];
  #self: Member;
  #closed = false;

  constructor(hub: MemoryHub, options: JoinOptions, id: string) {
    this.#hub = hub;
    this.#options = options;
    this.#addresses = new Set(options.seeds.map(withoutPort));
    const { name, address, labels } = options;
    this.#self = { id, name, address, since: Date.now(), labels, offers: [] };
  }

  get self(): Member {
    return this.#self;
  }

  members(): readonly Member[] {
    return [this.#self, ...this.#view.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  onChange(listener: (change: MemberChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  describe(change: Parameters<Cluster['describe']>[0]): void {
    this.#self = { ...this.#self, ...(plain(change, 'describe') as typeof change) };
    this.#hub.tell(this, (other) => other.see(this.#self));
  }

  async call(memberId: string, call: RemoteCall, timeoutMs: number): Promise<unknown> {
    const what = `${call.interfaceName}.${call.method} of ${this.#view.get(memberId)?.name ?? memberId}`;
    const request = plain(call, what) as RemoteCall;
    if (this.#closed || !this.#view.has(memberId)) throw gone(what);
    const answer = await new Promise<Answer>((resolve) => {
      const late = () => settle({ error: toWireError(timedOut(what, timeoutMs)) });
      const timer = setTimeout(late, timeoutMs);
      const settle = (given: Answer) => {
        clearTimeout(timer);
        this.#open.delete(open);
        resolve(given);
      };
      const open = { memberId, settle };
      this.#open.add(open);
      this.#hub.later(() => void this.#hub.find(this, memberId)?.answer(this, request, settle));
    });
    if ('error' in answer) throw fromWireError(answer.error);
    return answer.reply;
  }

  emit(event: RemoteEvent): void {
    const { interfaceName, version } = event;
    const data = plain(event, `${interfaceName}.${event.event}`) as RemoteEvent;
    const { id } = this.#self;
    this.#hub.tell(this, (other) => {
      const from = other.#view.get(id);
      const wants = other.#interests.some((wanted) => wanted.name === interfaceName && wanted.version === version);
      if (from && wants) other.#options.handlers.event(from, data);
    });
  }

  listen(interfaces: readonly Interface[]): void {
    this.#interests = [...interfaces];
  }

  meet(addresses: readonly string[]): void {
    for (const address of addresses) this.#addresses.add(withoutPort(address));
    this.#hub.gossip();
  }

  async leave(): Promise<void> {
    const { id } = this.#self;
    if (this.#closed) return;
    const others = [...this.#view.keys()].map((other) => this.#hub.find(this, other));
    this.#hub.remove(this);
    this.close();
    this.#hub.later(() => {
      for (const other of others) other?.forget(id, 'left');
    });
  }

  /** For the hub: this member is no more; what it waits for comes never. */
  close(): void {
    this.#closed = true;
    for (const { settle } of this.#open) settle({ error: toWireError(gone('this member, which left the room')) });
    this.#listeners.clear();
  }

  /** For the hub: a member is there, or says something new of itself. */
  see(member: Member): void {
    if (member.id === this.#self.id || this.#closed) return;
    const before = this.#view.get(member.id);
    this.#view.set(member.id, member);
    if (before !== member) this.#tell({ kind: before ? 'changed' : 'joined', member });
  }

  /** For the hub: a member said farewell, or fell silent. */
  forget(id: string, kind: 'left' | 'lost'): void {
    const member = this.#view.get(id);
    if (!member || this.#closed) return;
    this.#view.delete(id);
    for (const { memberId, settle } of this.#open) {
      if (memberId === id) settle({ error: toWireError(gone(member.name)) });
    }
    this.#tell({ kind, member });
  }

  /** For the hub: comes back as a new member, to whom the others are new too. */
  rename(id: string): void {
    for (const known of [...this.#view.keys()]) this.forget(known, 'lost');
    this.#self = { ...this.#self, id, since: Date.now() };
  }

  knows(id: string): boolean {
    return this.#view.has(id);
  }

  looksFor(other: MemoryMember): boolean {
    return this.#view.has(other.#self.id) || this.#addresses.has(other.#self.address);
  }

  hasKeyOf(other: MemoryMember): boolean {
    return Buffer.compare(this.#options.key, other.#options.key) === 0;
  }

  /** The answering end of a call. */
  async answer(from: MemoryMember, call: RemoteCall, settle: (answer: Answer) => void): Promise<void> {
    const caller = this.#view.get(from.self.id);
    if (!caller) return;
    const answer = await this.#options.handlers
      .call(caller, call)
      .then((reply) => ({ reply: plain(reply, `${this.#self.name} answers ${call.interfaceName}.${call.method}`) }))
      .catch((error: unknown) => ({ error: toWireError(error) }));
    if (this.#hub.reaches(this, from)) this.#hub.later(() => settle(answer));
  }

  #tell(change: MemberChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Ports are the same in the whole room. */
function withoutPort(address: string): string {
  return address.split(':', 1)[0] ?? address;
}

function plain(value: unknown, what: string): unknown {
  try {
    return asPlainData(value, what);
  } catch (error) {
    if (error instanceof ViverError && error.code === 'RUNES_TOO_LARGE') {
      throw new ViverError('CLUSTER_TOO_LARGE', error.message);
    }
    throw error;
  }
}

function gone(what: string): ViverError {
  return new ViverError('CLUSTER_GONE', `${what} is not in the room`, { retryable: true });
}

function timedOut(what: string, limitMs: number): ViverError {
  return new ViverError('CLUSTER_TIMEOUT', `${what}: no answer within ${limitMs} ms`, { retryable: true });
}
