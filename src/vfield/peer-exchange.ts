// Telling peers of each other (BEP 11). In a room that fits into a full mesh each of our nodes is soon told of all others; in a larger one each gets a random sample of
// the live ones, now and then, and who has left, so that everybody knows some of everywhere and the addresses of the dead die out. Foreign clients
// are told once a minute.

import type { Chance } from './chance.ts';
import { encodePeerExchange, MAX_EXCHANGED_ADDRESSES } from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';

const MEMBER_INTERVAL_MS = 5;
const FOREIGN_INTERVAL_MS = 60_000;
/** BEP 11: no more than 50 in a message, but for the first one. */
const SAMPLE = 50;

export class PeerExchanges {
  readonly #chance: Chance;
  /** Addresses of the peers, and how often they have changed. */
  #live: ReadonlySet<string> = new Set();
  #version = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** Sends what is new to whom it is new. @param now Milliseconds of the field's clock. @param isLarge The room is no full mesh. */
  exchange(peers: ReadonlyMap<string, Peer>, now: number, isLarge: boolean): void {
    this.#look(peers.values());
    for (const peer of peers.values()) {
      const interval = peer.member && !isLarge ? MEMBER_INTERVAL_MS : FOREIGN_INTERVAL_MS;
      if (peer.toldVersion === this.#version || now - peer.toldAt < interval) continue;
      if (peer.extensions.ut_pex === undefined) continue;
      if (this.#tell(peer, isLarge)) peer.toldAt = now;
      else peer.toldVersion = this.#version;
    }
  }

  #look(peers: Iterable<Peer>): void {
    const live = new Set(Array.from(peers, (peer) => peer.dialAddress).filter((address) => address !== undefined));
    if (live.size === this.#live.size && live.isSubsetOf(this.#live)) return;
    this.#live = live;
    this.#version++;
  }

  /** @returns false when there is nothing new. */
  #tell(peer: Peer, isLarge: boolean): boolean {
    const fresh = [...this.#live].filter((address) => address !== peer.dialAddress && !peer.told.has(address));
    const added = isLarge ? this.#chance.sample(fresh, SAMPLE) : fresh.slice(0, MAX_EXCHANGED_ADDRESSES);
    const dropped = isLarge ? [...peer.told].filter((address) => !this.#live.has(address)).slice(0, SAMPLE) : [];
    if (added.length + dropped.length === 0) return false;
    for (const address of added) peer.told.add(address);
    for (const address of dropped) peer.told.delete(address);
    peer.extend('ut_pex', encodePeerExchange(added, dropped));
    return true;
  }
}
