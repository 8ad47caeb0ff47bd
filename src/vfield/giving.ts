// A piece is given to one member at a time where that one will announce it; who asks for it meanwhile is told "later" and asks the new holder, or here again. So a
// piece spreads as in a tree, from each holder on, instead of leaving this node once for each member; and a room that starts at once costs the first
// PC little more than one image, also while its members do not know each other yet.

import type { Peer } from './peer/peer.ts';

/** How long the others are told "later": if somebody waits for the piece there, and if not. */
const URGENT_MS = 60;
const BACKGROUND_MS = 400;
/** In a room that is no full mesh, a piece that others give already takes so long to come to everybody near them: if somebody waits for it there, and if not. */
const URGENT_PATIENCE_MS = 250;
const PATIENCE_MS = 1_000;
/** Pieces of a peer for which that is remembered; the oldest are forgotten. */
export const MAX_SENT_ELSEWHERE = 1_024;
/** Pieces being given that are remembered; the oldest are forgotten. */
export const MAX_GIVEN = 4_096;

interface Given {
  readonly to: Peer;
  readonly at: number;
}

export interface GivingOptions {
  /** Milliseconds. */
  now(): number;
  /** A member that gets this piece now will announce it. */
  willAnnounce(peer: Peer, piece: number): boolean;
  /** Others give the piece as well, and this member will have it from them or from one to the next, though it may not know them yet. */
  comesOtherwise(peer: Peer, piece: number, urgent: boolean): boolean;
}

export class Giving {
  readonly #now: () => number;
  readonly #willAnnounce: (peer: Peer, piece: number) => boolean;
  readonly #comesOtherwise: (peer: Peer, piece: number, urgent: boolean) => boolean;
  readonly #given = new Map<number, Given>();
  /** When each peer was first sent elsewhere for a piece. */
  readonly #sentElsewhere = new WeakMap<Peer, Map<number, number>>();

  constructor({ now, willAnnounce, comesOtherwise }: GivingOptions) {
    this.#now = now;
    this.#willAnnounce = willAnnounce;
    this.#comesOtherwise = comesOtherwise;
  }

  /** Whether this member is to ask again later; if not, the piece counts as being given to it. */
  isLater(peer: Peer, piece: number, urgent: boolean): boolean {
    const given = this.#given.get(piece);
    if (given && this.#isUnderWay(given, piece, urgent)) return given.to !== peer && peer.keepsInRam;
    this.#given.delete(piece);
    if (peer.keepsInRam && this.#comesOtherwise(peer, piece, urgent) && this.#isPatient(peer, piece, urgent))
      return true;
    if (!this.#willAnnounce(peer, piece)) return false;
    this.#given.set(piece, { to: peer, at: this.#now() });
    if (this.#given.size > MAX_GIVEN) this.#given.delete(this.#given.keys().next().value!);
    return false;
  }

  /** It has not been sent elsewhere for so long already that nobody near it seems to get the piece. */
  #isPatient(peer: Peer, piece: number, urgent: boolean): boolean {
    const sent = this.#sentElsewhere.get(peer) ?? new Map<number, number>();
    this.#sentElsewhere.set(peer, sent);
    const since = sent.get(piece) ?? this.#now();
    if (this.#now() - since >= (urgent ? URGENT_PATIENCE_MS : PATIENCE_MS)) return sent.delete(piece) && false;
    if (sent.size >= MAX_SENT_ELSEWHERE && !sent.has(piece)) sent.delete(sent.keys().next().value!);
    sent.set(piece, since);
    return true;
  }

  #isUnderWay({ to, at }: Given, piece: number, urgent: boolean): boolean {
    if (to.wire.closed || to.has.has(piece)) return false;
    return this.#now() - at < (urgent ? URGENT_MS : BACKGROUND_MS);
  }
}
