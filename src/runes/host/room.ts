// HostRoom: the host's membership of the room. What the runes offer to all is described to the others, their questions about the room are answered
// from this machine's view, calls are carried there and tried again where that does no harm. Without a room the machine is one by itself.
// Owns the cluster, and the labels of the own offers.

import { setTimeout as pause } from 'node:timers/promises';
import type {
  Cluster,
  ClusterHandlers,
  Labels,
  Member,
  MemberChange,
  Offer,
  RemoteCall,
  RemoteEvent,
} from '../../cluster/cluster.ts';
import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { InterfaceId } from '../contract/manifest.ts';
import { checkOfferLabels, type FoundOffer, type OfferLabels, type Where } from '../contract/room.ts';
import { choose } from './choose.ts';
import { withDeadline } from './deadline.ts';
import type { RoomCallRequest, RoomRequest } from './room-request.ts';

/** Joins with what the host answers for; never while runes wait for it. */
export type JoinRoom = (handlers: ClusterHandlers) => Promise<Cluster>;

/** The host's side. */
export interface RoomEnds {
  readonly log: Log;
  /** For a call that says no limit of its own, in milliseconds. */
  readonly callMs: number;
  /** Asks a rune of this machine. */
  answer(from: Member, call: RemoteCall): Promise<unknown>;
  /** Tells the runes that seek its interface. */
  deliver(from: Member, event: RemoteEvent): void;
  changed(change: MemberChange): void;
}

/** Before the second and the third try of a call that may be asked again. */
const RETRY_PAUSES_MS = [100, 400];
/** Nobody answered: nothing is known to be wrong with the question. */
const NO_ANSWER = new Set(['RUNES_TIMEOUT', 'RUNES_GONE', 'RUNES_NOT_RUNNING', 'CLUSTER_GONE', 'CLUSTER_TIMEOUT']);

export class HostRoom {
  readonly #ends: RoomEnds;
  readonly #alone: Member;
  readonly #labels = new Map<string, { labels: Labels; load?: number }>();
  #cluster: Cluster | undefined;
  #offered: readonly InterfaceId[] = [];
  #told = '[]';
  #hasLeft = false;
  #telling: NodeJS.Immediate | undefined;

  /** @param name What this machine is called while it is in no room. */
  constructor(ends: RoomEnds, name: string) {
    this.#ends = ends;
    this.#alone = { id: 'alone', name, address: '127.0.0.1', since: Date.now(), labels: {}, offers: [] };
  }

  /** @param sought Whose events are wanted. A room that can't be joined is a line in the log: the runes run without it. */
  async join(join: JoinRoom, sought: readonly InterfaceId[]): Promise<void> {
    const { answer, deliver, log } = this.#ends;
    try {
      const cluster = await join({ call: answer, event: deliver });
      if (this.#hasLeft) await cluster.leave();
      else this.#enter(cluster, sought);
    } catch (error) {
      log.error(`no room: ${errorLine(error)}`);
    }
  }

  /** Says which interfaces runes of this machine answer for now. */
  offer(offered: readonly InterfaceId[]): void {
    this.#offered = offered;
    this.#tellSoon();
  }

  get self(): Member {
    return { ...(this.#cluster?.self ?? this.#alone), offers: this.#ownOffers() };
  }

  members(): readonly Member[] {
    const { self } = this;
    return this.#cluster?.members().map((member) => (member.id === self.id ? self : member)) ?? [self];
  }

  /** @throws ViverError What a call gave; RUNES_BAD_LABEL, RUNES_UNKNOWN_CALL. */
  async ask(rune: string, request: RoomRequest): Promise<unknown> {
    switch (request?.kind) {
      case 'find':
        return this.#find(request, request.where);
      case 'call':
        return this.#call(rune, request);
      case 'members':
        return this.members();
      case 'label':
        return this.#label(request.name, request.now, `rune ${rune} labels ${request.name}`);
      default:
        throw new ViverError('RUNES_UNKNOWN_CALL', `rune ${rune} asks of the room what nobody answers`);
    }
  }

  emit(event: RemoteEvent): void {
    this.#cluster?.emit(event);
  }

  meet(addresses: readonly string[]): void {
    this.#cluster?.meet(addresses);
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    clearImmediate(this.#telling);
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.leave();
  }

  #find(wanted: InterfaceId, where: Where): FoundOffer[] {
    return choose(this.members(), this.self.id, wanted, where);
  }

  async #call(rune: string, { memberId, call, timeoutMs = this.#ends.callMs, elsewhere }: RoomCallRequest) {
    const tried = new Set<string>();
    let to = memberId;
    for (const pauseMs of [...(elsewhere ? RETRY_PAUSES_MS : []), undefined]) {
      try {
        return await this.#callOnce(to, call, timeoutMs);
      } catch (error) {
        if (pauseMs === undefined || !isNoAnswer(error)) throw error;
        this.#ends.log.info(`rune ${rune} asks again: ${errorLine(error)}`);
        await pause(pauseMs);
        to = this.#other(call, elsewhere ?? {}, tried.add(to)) ?? to;
      }
    }
    return undefined;
  }

  #callOnce(to: string, call: RemoteCall, timeoutMs: number): Promise<unknown> {
    const what = `${call.interfaceName}.${call.method}`;
    if (to === this.self.id) return withDeadline(this.#ends.answer(this.self, call), timeoutMs, what);
    if (this.#cluster) return this.#cluster.call(to, call, timeoutMs);
    throw new ViverError('CLUSTER_GONE', `${what}: this machine is in no room`, { retryable: true });
  }

  /** Somebody else who answers for the same. */
  #other({ interfaceName, version }: RemoteCall, where: Where, tried: ReadonlySet<string>): string | undefined {
    const offers = this.#find({ name: interfaceName, version }, where);
    return offers.find(({ memberId }) => !tried.has(memberId))?.memberId;
  }

  #label(name: string, now: OfferLabels, what: string): void {
    checkOfferLabels(now, what);
    this.#labels.set(name, { labels: {}, ...this.#labels.get(name), ...now });
    this.#tellSoon();
  }

  #ownOffers(): Offer[] {
    return this.#offered.map(({ name, version }) => ({ name, version, labels: {}, ...this.#labels.get(name) }));
  }

  #enter(cluster: Cluster, sought: readonly InterfaceId[]): void {
    this.#cluster = cluster;
    cluster.listen(sought.map(({ name, version }) => ({ name, version })));
    cluster.onChange(this.#ends.changed);
    // Who came before anybody listened is news to the runes too.
    for (const member of cluster.members()) {
      if (member.id !== cluster.self.id) this.#ends.changed({ kind: 'joined', member });
    }
    this.#tellSoon();
  }

  /** Once for all that changes at one time, such as the starts of many runes. */
  #tellSoon(): void {
    this.#telling ??= setImmediate(() => {
      this.#telling = undefined;
      const offers = this.#ownOffers();
      const text = JSON.stringify(offers);
      if (!this.#cluster || text === this.#told) return;
      this.#told = text;
      this.#cluster.describe({ offers });
    });
  }
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof ViverError && NO_ANSWER.has(error.code);
}
