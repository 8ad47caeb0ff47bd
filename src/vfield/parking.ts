// A source (a node that serves from its medium) gives each piece to one member at a time. Who asks for a piece that another is just being given waits a moment:
// that one will announce it, and the waiting one turns to it and cancels here. If not, it is served after all. So a room that starts at once costs the source
// little more than one image, also while its members do not know each other yet.

import type { Clock, Timer } from './clock.ts';
import type { BlockRange } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';

/** How long a request waits for another member to announce the piece, if somebody waits for it there, and if not. */
const URGENT_PARK_MS = 100;
const BACKGROUND_PARK_MS = 400;
/** What was given longer ago than this and was never announced, was not kept. */
const GIVEN_MS = 400;
/** After the announcement: the time that a waiting one has to turn to the new holder. */
const TURN_MS = 30;
/** Pieces being given that are remembered. */
const MAX_GIVEN = 4_096;

interface Parked {
  readonly peer: Peer;
  readonly range: BlockRange;
  readonly urgent: boolean;
  until: number;
}

interface Given {
  readonly to: Peer;
  readonly at: number;
}

export class Parking {
  readonly #clock: Clock;
  readonly #serve: (peer: Peer, range: BlockRange, urgent: boolean) => void;
  readonly #given = new Map<number, Given>();
  #parked: Parked[] = [];
  #timer: Timer;

  /** @param serve Called for a request that has waited long enough. */
  constructor(clock: Clock, serve: (peer: Peer, range: BlockRange, urgent: boolean) => void) {
    this.#clock = clock;
    this.#serve = serve;
  }

  /** @returns true when the request was taken in to wait; false: to be served now, and the piece counts as given to this peer. */
  park(peer: Peer, range: BlockRange, urgent: boolean): boolean {
    const now = this.#clock.now();
    const given = this.#given.get(range.piece);
    if (!given || given.to.wire.closed || now - given.at > GIVEN_MS || given.to.has.has(range.piece)) {
      this.#give(peer, range.piece, now);
      return false;
    }
    if (given.to === peer || !keeps(peer)) return false;
    this.#parked.push({ peer, range, urgent, until: now + (urgent ? URGENT_PARK_MS : BACKGROUND_PARK_MS) });
    this.#wakeAt(now + URGENT_PARK_MS);
    return true;
  }

  /** A peer has announced a piece. */
  onHave(peer: Peer, piece: number): void {
    if (this.#given.get(piece)?.to !== peer) return;
    this.#given.delete(piece);
    const until = this.#clock.now() + TURN_MS;
    for (const parked of this.#parked) if (parked.range.piece === piece) parked.until = until;
    if (this.#parked.length > 0) this.#wakeAt(until);
  }

  cancel(peer: Peer, { piece, begin }: BlockRange): void {
    this.#parked = this.#parked.filter(
      (parked) => parked.peer !== peer || parked.range.piece !== piece || parked.range.begin !== begin,
    );
  }

  /** The peer is gone: what waited for its announcements is served. */
  onGone(peer: Peer): void {
    this.#parked = this.#parked.filter((parked) => parked.peer !== peer);
    for (const [piece, { to }] of this.#given) {
      if (to !== peer) continue;
      this.#given.delete(piece);
      for (const parked of this.#parked) if (parked.range.piece === piece) parked.until = 0;
    }
    this.#serveDue();
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#parked = [];
  }

  #give(peer: Peer, piece: number, now: number): void {
    this.#given.delete(piece);
    if (!keeps(peer)) return;
    this.#given.set(piece, { to: peer, at: now });
    if (this.#given.size > MAX_GIVEN) this.#given.delete(this.#given.keys().next().value!);
  }

  /** One timer for all; a second one within its time is not needed. */
  #wakeAt(at: number): void {
    this.#timer ??= this.#clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#serveDue();
      },
      Math.max(1, Math.min(TURN_MS, at - this.#clock.now())),
    );
  }

  #serveDue(): void {
    const now = this.#clock.now();
    const due = this.#parked.filter(({ until }) => until <= now);
    if (due.length > 0) this.#parked = this.#parked.filter(({ until }) => until > now);
    for (const { peer, range, urgent } of due) this.#serve(peer, range, urgent);
    if (this.#parked.length > 0) this.#wakeAt(now + TURN_MS);
  }
}

/** It will announce what it is given. */
function keeps(peer: Peer): boolean {
  return peer.keepsInRam && peer.member!.shareBytes > 0;
}
