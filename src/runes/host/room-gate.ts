// RoomGate: what of this machine's runes the room may see, ask and tell. Runes that offer to the room are described to it, calls from there are let
// through to those alone, events reach the runes that seek them, and changes of the room those that asked to be told. Owns who asked.

import type { Member, MemberChange, RemoteCall } from '../../cluster/cluster.ts';
import { ViverError } from '../../errors.ts';
import type { InterfaceId, OfferedInterface, RuneManifest } from '../contract/manifest.ts';
import type { Cell } from './cell.ts';
import type { HostOptions } from './options.ts';
import { HostRoom } from './room.ts';
import type { RoomRequest } from './room-request.ts';

/** The host's runes, as the gate needs them. */
export interface GatedRunes {
  /** Those that run now, by name. */
  running(): ReadonlyMap<string, Cell>;
  /** All that were planned. */
  manifests(): readonly RuneManifest[];
  call(rune: string, call: RemoteCall, what: string, from: Member): Promise<unknown>;
  /** Does `tell` in the rune's name; what it throws is a line in the log. */
  tell(rune: string, what: string, tell: () => void): void;
}

export class RoomGate {
  readonly #runes: GatedRunes;
  readonly #options: HostOptions;
  readonly #room: HostRoom;
  readonly #watchers = new Set<string>();

  constructor(runes: GatedRunes, options: HostOptions, callMs: number) {
    this.#runes = runes;
    this.#options = options;
    const { log, facts } = options;
    this.#room = new HostRoom(
      {
        log,
        callMs,
        answer: (from, call) => this.#answer(from, call),
        deliver: (from, { interfaceName, version, event, data }) =>
          this.#tellSeekers({ name: interfaceName, version }, event, data, from),
        changed: (change) => this.#changed(change),
      },
      facts.bootNic?.hostName ?? 'this machine',
    );
  }

  /** Begins to join; until then, and for good when it fails, this machine is a room by itself. */
  join(): void {
    const { room } = this.#options;
    if (!room) return;
    const sought = this.#runes.manifests().flatMap(({ seeks = [] }) => seeks);
    void this.#room.join(room.join, sought).then(() => room.onMembers?.(this.#room.members()));
  }

  members(): readonly Member[] {
    return this.#room.members();
  }

  meet(addresses: readonly string[]): void {
    this.#room.meet(addresses);
  }

  leave(): Promise<void> {
    return this.#room.leave();
  }

  /** Which runes run has changed. */
  runesChanged(): void {
    const offers = [...this.#runes.running().values()].flatMap(({ manifest }) => manifest.offers);
    this.#room.offer(offers.filter(({ reach }) => reach === 'room'));
  }

  /** A rune's question about the room. */
  async ask(rune: string, request: RoomRequest): Promise<unknown> {
    if (request?.kind === 'watch') return void this.#watchers.add(rune);
    if (request?.kind === 'label') this.#assertOffers(rune, request.name);
    const reply = await this.#room.ask(rune, request);
    if (request.kind === 'call') this.#record(rune, request.memberId, request.call, reply);
    return reply;
  }

  /** An event of a rune here. */
  emit(rune: string, interfaceName: string, event: string, data: unknown): void {
    for (const [other, cell] of this.#runes.running()) {
      const { needs, seeks = [] } = cell.manifest;
      if (!has(needs, interfaceName) || has(seeks, interfaceName)) continue;
      this.#runes.tell(other, `${interfaceName}.${event}`, () => cell.deliver(interfaceName, event, data));
    }
    const offered = this.#offerOf(rune, interfaceName);
    if (offered?.reach !== 'room') return;
    this.#tellSeekers(offered, event, data, this.#room.self);
    this.#room.emit({ interfaceName, version: offered.version, event, data });
  }

  /** A call from the room: it reaches only what a rune here offers to the room. */
  async #answer(from: Member, call: RemoteCall): Promise<unknown> {
    const { interfaceName, version, method } = call;
    const what = `${from.name} asks ${interfaceName}.${method}`;
    for (const [rune] of this.#runes.running()) {
      const offered = this.#offerOf(rune, interfaceName);
      if (offered?.reach === 'room' && offered.version === version) return this.#runes.call(rune, call, what, from);
    }
    throw new ViverError('RUNES_NOT_RUNNING', `${what}: no rune here offers ${interfaceName} v${version} to the room`);
  }

  #tellSeekers({ name, version }: InterfaceId, event: string, data: unknown, from: Member): void {
    for (const [rune, cell] of this.#runes.running()) {
      const sought = cell.manifest.seeks?.some((it) => it.name === name && it.version === version);
      if (sought) this.#runes.tell(rune, `${name}.${event}`, () => cell.deliver(name, event, data, from));
    }
  }

  #changed(change: MemberChange): void {
    this.#options.room?.onMembers?.(this.#room.members());
    for (const [rune, cell] of this.#runes.running()) {
      if (!this.#watchers.has(rune)) continue;
      this.#runes.tell(rune, `${change.member.name} ${change.kind}`, () => cell.member(change));
    }
  }

  #record(from: string, to: string, { interfaceName, method, request }: RemoteCall, reply: unknown): void {
    this.#options.onCall?.({ from, to, call: `${interfaceName}.${method}`, request, reply });
  }

  #offerOf(rune: string, interfaceName: string): OfferedInterface | undefined {
    const manifest = this.#runes.manifests().find(({ name }) => name === rune);
    return manifest?.offers.find(({ name }) => name === interfaceName);
  }

  #assertOffers(rune: string, interfaceName: string): void {
    if (this.#offerOf(rune, interfaceName)?.reach === 'room') return;
    throw new ViverError(
      'RUNES_NOT_DECLARED',
      `rune ${rune} labels ${interfaceName}, which it does not offer to the room`,
    );
  }
}

function has(list: readonly InterfaceId[], interfaceName: string): boolean {
  return list.some(({ name }) => name === interfaceName);
}
