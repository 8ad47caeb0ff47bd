// How many connections a node keeps, and which. Up to the bound a room is a full mesh. In a larger one each node dials until it has a third of the bound, so that
// every connection that somebody dials finds room at somebody else, and accepts up to the bound. Who waits for a piece that no peer has goes a
// quarter beyond it while it looks around. Pure decisions over what is known of the peers.

import type { Peer } from './peer/peer.ts';
import { mix } from './placement-keys.ts';

export const DEFAULT_CONNECTIONS = 256;
/**
 * Who has fewer than this part of the bound dials on, and is taken in by a full node in the place of another. In a room that starts at once everybody dials so many,
 * and is dialed by as many: a third leaves free what the last ones need, where with a half all places would be taken.
 */
const TARGET_PART = 3;

export class Neighbourhood {
  /** Connections that are accepted. */
  readonly bound: number;
  /** Those that are held at most, while pieces are being looked for. */
  readonly most: number;
  readonly #ownSeed: number;

  constructor(bound: number, ownSeed: number) {
    this.bound = bound;
    this.most = Math.ceil(bound * 1.25);
    this.#ownSeed = ownSeed;
  }

  /** Connections to dial up to. @param isLarge The room is no full mesh. @param seeking A piece is waited for that no peer has. */
  target(isLarge: boolean, seeking: boolean): number {
    if (seeking) return this.most;
    return isLarge ? Math.ceil(this.bound / TARGET_PART) : this.bound;
  }

  /** The room has more members than fit into a full mesh. @param promising Addresses at which somebody is. */
  isLarge(promising: number): boolean {
    return promising > this.bound;
  }

  /** Has too few connections to be a good part of the field. */
  isPoor(connections: number): boolean {
    return connections < this.bound / TARGET_PART;
  }

  /**
   * Peers with which nothing is under way, those worth least first: both sides of a connection put the same value on it. The only medium is not among them.
   * @param leastMs Only those that have been here for so long at `now`.
   */
  idle(peers: Iterable<Peer>, leastMs: number, now: number): Peer[] {
    const all = [...peers];
    const media = all.filter((peer) => peer.member?.kind === 'medium').length;
    const idle = all.filter((peer) => isIdle(peer) && !(media === 1 && peer.member?.kind === 'medium'));
    const ready = idle.filter((peer) => now - peer.openedAt >= leastMs);
    return ready.sort((a, b) => this.#distance(b.seed) - this.#distance(a.seed));
  }

  /** @param seed Of the peer's id. */
  isNearer(seed: number, thanSeed: number): boolean {
    return this.#distance(seed) < this.#distance(thanSeed);
  }

  #distance(seed: number): number {
    return mix(0, this.#ownSeed ^ seed);
  }
}

function isIdle(peer: Peer): boolean {
  const inFlight = peer.backgroundInFlight + peer.urgentInFlight;
  return peer.attempts.size === 0 && inFlight === 0 && peer.uploads.waiting === 0;
}
