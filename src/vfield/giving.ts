// A piece is given to one member at a time where that one will announce it; who asks for it meanwhile is told "later" and asks the new holder, or here again. So a
// piece spreads as in a tree, from each holder on, instead of leaving this node once for each member; and a room that starts at once costs the first
// PC little more than one image, also while its members do not know each other yet.

import type { Peer } from './peer/peer.ts';

/** How long the others are told "later": if somebody waits for the piece there, and if not. */
const URGENT_MS = 60;
const BACKGROUND_MS = 400;
/** Pieces being given that are remembered; the oldest are forgotten. */
export const MAX_GIVEN = 4_096;

interface Given {
  readonly to: Peer;
  readonly at: number;
}

export class Giving {
  readonly #now: () => number;
  readonly #willAnnounce: (peer: Peer, piece: number) => boolean;
  readonly #given = new Map<number, Given>();

  /** @param now Milliseconds. @param willAnnounce A member that gets this piece now will announce it. */
  constructor(now: () => number, willAnnounce: (peer: Peer, piece: number) => boolean) {
    this.#now = now;
    this.#willAnnounce = willAnnounce;
  }

  /** Whether this member is to ask again later; if not, the piece counts as being given to it. */
  isLater(peer: Peer, piece: number, urgent: boolean): boolean {
    const given = this.#given.get(piece);
    if (given && this.#isUnderWay(given, piece, urgent)) return given.to !== peer && peer.keepsInRam;
    this.#given.delete(piece);
    if (!this.#willAnnounce(peer, piece)) return false;
    this.#given.set(piece, { to: peer, at: this.#now() });
    if (this.#given.size > MAX_GIVEN) this.#given.delete(this.#given.keys().next().value!);
    return false;
  }

  #isUnderWay({ to, at }: Given, piece: number, urgent: boolean): boolean {
    if (to.wire.closed || to.has.has(piece)) return false;
    return this.#now() - at < (urgent ? URGENT_MS : BACKGROUND_MS);
  }
}
