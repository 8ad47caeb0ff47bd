// Fetching pieces: which are wanted now, from whom each is being fetched, what waits for it. One attempt is one piece from one peer into one slot of the
// store, so that a wrong hash always has exactly one author. A piece that somebody waits for may have two attempts; the first good one wins.
// Bookkeeping only: bytes come in by `onBlock`, requests go out through the peers. Owns all attempts.

import { type Clock, repeat } from './clock.ts';
import { Courtesy } from './courtesy.ts';
import { BLOCK_BYTES } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';
import { choosePeer, hedgeDelayMs } from './policy.ts';
import type { PieceStore } from './store.ts';

/** Background requests under way to one peer: 16 x 16 KiB fill a 1 Gbit/s link and delay a read by 2 ms at most. */
export const BACKGROUND_WINDOW = 16;
/** Requests under way to one peer in all; more than any client's queue takes is refused by it. */
const URGENT_WINDOW = 192;
/** Without a block for so long, an attempt that somebody waits for / nobody waits for goes to another peer. */
const URGENT_STALL_MS = 1_000;
const BACKGROUND_STALL_MS = 4_000;
/** The same where nobody else has the piece: asking again would only lose what is on its way. */
const LONE_STALL_MS = 20_000;
/** So long a peer that stalled is not asked again for the same piece, and is asked last for others. */
const AVOID_MS = 5_000;
const SWEEP_MS = 10;
/** Every so many sweeps, pieces that nobody could be asked for are tried again; news of a holder does so at once. */
const SWEEPS_PER_RETRY = 50;
/** A piece that a peer gives to another just now is asked for again after so long, if a reader waits and if not; news of a holder does so at once. */
const URGENT_LATER_MS = 60;
const LATER_MS = 200;
/** Pieces that a peer may refuse although it announced them, one after the other, and times that it may stall in a row. */
const MAX_REFUSALS = 16;
const MAX_STALLS = 4;

/** One piece on its way from one peer. */
export interface Attempt {
  readonly fetch: Fetch;
  readonly peer: Peer;
  readonly slot: number;
  readonly received: Uint8Array;
  left: number;
  /** Next block to ask for. */
  next: number;
  /** Counted in the peer's urgent window. */
  urgent: boolean;
  /** The peer did not have the piece when it was asked: it fetches it for the room. */
  readonly relayed: boolean;
  inFlight: number;
  readonly startedAt: number;
  firstBlockAt: number;
  progressAt: number;
}

/** One piece that is wanted. */
export interface Fetch {
  readonly piece: number;
  readonly waiters: Set<(bytes: Uint8Array) => void>;
  /** Somebody on this node waits for it; else it is fetched for other members, and only from who has it. */
  own: boolean;
  readonly attempts: Attempt[];
  /** Peers not to be asked, until then. */
  readonly avoid: Map<Peer, number>;
  /** When to look again for somebody to ask, if nobody could be asked. */
  retryAt: number;
}

export interface RequestsOwner {
  readonly clock: Clock;
  readonly store: PieceStore;
  /** Of this node's id. */
  readonly seed: number;
  peers(): Iterable<Peer>;
  /** The member that fetches this piece for the room, if it is another one, connected, and no member has the piece. */
  relayOf(piece: number): Peer | undefined;
  isGood(piece: number, bytes: Uint8Array): boolean;
  /** A verified piece, before its waiters get it: takes the slot over. */
  onPiece(piece: number, slot: number): void;
  /** The peer sent a piece with a wrong hash. */
  onLiar(peer: Peer, piece: number): void;
  onStall(peer: Peer, piece: number): void;
  /** The peer is of no use: it stalls, or does not give what it announces. */
  onOffender(peer: Peer, reason: string): void;
  /** The next piece of the boot trace to fetch ahead from this peer, or undefined. */
  nextAhead(peer: Peer, busy: ReadonlyMap<number, Fetch>): number | undefined;
  /** The next piece to fetch from this peer while nobody waits, or undefined. */
  nextInBackground(peer: Peer, busy: ReadonlyMap<number, Fetch>): number | undefined;
}

export class Requests {
  readonly #owner: RequestsOwner;
  readonly #fetches = new Map<number, Fetch>();
  /** Those of #fetches that somebody waits for. */
  readonly #urgent = new Set<Fetch>();
  #backgroundAttempts = 0;
  #planned = false;
  #sweeps = 0;
  /** An attempt found no slot: looked at again when one may have become free. */
  #starved = false;
  #stopSweep: (() => void) | undefined;
  readonly #courtesy: Courtesy;
  /** Pieces that are on their way to another member, and until when they are left to it. */
  readonly #laterUntil = new Map<number, number>();
  #turns = 0;

  constructor(owner: RequestsOwner) {
    this.#owner = owner;
    this.#courtesy = new Courtesy(owner.clock, () => this.plan());
  }

  /** Pieces that somebody on this node waits for. */
  get waitingPieces(): number {
    let waiting = 0;
    for (const fetch of this.#urgent) if (fetch.own) waiting++;
    return waiting;
  }

  get #backgroundSlots(): number {
    return Math.max(2, Math.min(256, this.#owner.store.slots >> 2));
  }

  get busy(): ReadonlyMap<number, Fetch> {
    return this.#fetches;
  }

  /**
   * Calls `waiter` with the verified bytes, a view valid during the call, as soon as they are there, however long that takes.
   * Equal demands share one fetch. @param own Somebody on this node waits, and not another member. @returns Forgets the demand.
   */
  demand(piece: number, waiter: (bytes: Uint8Array) => void, own = true): () => void {
    if (own) this.#courtesy.demanded();
    const fetch = this.#fetchOf(piece);
    fetch.own ||= own;
    fetch.waiters.add(waiter);
    this.#urgent.add(fetch);
    for (const attempt of fetch.attempts) this.#makeUrgent(attempt);
    this.plan();
    return () => this.#forget(fetch, waiter);
  }

  /** Something has changed: looks for work at the end of this turn. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#planNow();
    });
  }

  /** Takes in a block. @returns false when it was not asked for (any more). */
  onBlock(peer: Peer, piece: number, begin: number, bytes: Uint8Array): boolean {
    const attempt = peer.attempts.get(piece);
    const block = begin / BLOCK_BYTES;
    if (attempt?.received[block] !== 0 || block >= attempt.next) return false;
    const target = this.#owner.store.slotBytes(attempt.slot, piece);
    if (bytes.length !== Math.min(BLOCK_BYTES, target.length - begin)) return false;
    target.set(bytes, begin);
    attempt.progressAt = this.#owner.clock.now();
    if (attempt.left === attempt.received.length) attempt.firstBlockAt = attempt.progressAt;
    attempt.received[block] = 1;
    attempt.left--;
    this.#countInFlight(attempt, -1);
    if (attempt.left === 0) this.#finish(attempt, target);
    this.#fill(peer);
    return true;
  }

  /** The peer will not serve this piece (BEP 6 reject). */
  onReject(peer: Peer, piece: number): void {
    const attempt = peer.attempts.get(piece);
    if (!attempt) return;
    attempt.fetch.avoid.set(peer, this.#owner.clock.now() + AVOID_MS);
    this.#drop(attempt, false);
    this.plan();
    if (!attempt.relayed && ++peer.refused > MAX_REFUSALS)
      this.#owner.onOffender(peer, `refuses what it announced, ${MAX_REFUSALS} pieces in a row`);
  }

  /** The peer gives the piece to another member just now, which will announce it. */
  onLater(peer: Peer, piece: number): void {
    const attempt = peer.attempts.get(piece);
    if (!attempt || attempt.left < attempt.received.length) return;
    const now = this.#owner.clock.now();
    if (attempt.urgent) attempt.fetch.avoid.set(peer, now + URGENT_LATER_MS);
    else this.#laterUntil.set(piece, now + LATER_MS);
    attempt.fetch.retryAt = now + URGENT_LATER_MS;
    this.#drop(attempt, false);
    this.#fill(peer);
  }

  /** The piece is on its way to another member; in the background it is left alone until that one has it. */
  isLater(piece: number): boolean {
    const until = this.#laterUntil.get(piece);
    if (until === undefined) return false;
    if (until > this.#owner.clock.now()) return true;
    this.#laterUntil.delete(piece);
    return false;
  }

  /** A peer has announced a piece. */
  onHave(peer: Peer, piece: number): void {
    if (peer.keepsInRam) this.#laterUntil.delete(piece);
  }

  /** The peer is gone or chokes us: what it had begun goes on elsewhere. */
  abandon(peer: Peer): void {
    for (const attempt of [...peer.attempts.values()]) this.#drop(attempt, false);
    this.plan();
  }

  close(): void {
    this.#courtesy.close();
    this.#stopSweep?.();
    this.#stopSweep = undefined;
    this.#urgent.clear();
    this.#fetches.clear();
  }

  #fetchOf(piece: number): Fetch {
    let fetch = this.#fetches.get(piece);
    if (!fetch) {
      fetch = {
        piece,
        waiters: new Set(),
        own: false,
        attempts: [],
        avoid: new Map(),
        retryAt: Number.POSITIVE_INFINITY,
      };
      this.#fetches.set(piece, fetch);
    }
    return fetch;
  }

  #forget(fetch: Fetch, waiter: (bytes: Uint8Array) => void): void {
    fetch.waiters.delete(waiter);
    if (fetch.waiters.size > 0) return;
    this.#urgent.delete(fetch);
    if (fetch.attempts.length === 0) this.#fetches.delete(fetch.piece);
  }

  #planNow(): void {
    this.#starved = false;
    for (const fetch of this.#urgent) if (fetch.attempts.length === 0) this.#ask(fetch);
    for (const peer of this.#inTurn()) this.#fill(peer);
    if (this.#fetches.size > 0) this.#stopSweep ??= repeat(this.#owner.clock, SWEEP_MS, () => this.#sweep());
  }

  /** The peers, each time another one first: what several of them have is then asked of all in turn. */
  #inTurn(): Peer[] {
    const peers = [...this.#owner.peers()];
    const first = this.#turns++ % Math.max(1, peers.length);
    return [...peers.slice(first), ...peers.slice(0, first)];
  }

  /** Begins one more attempt at a piece that is waited for. */
  #ask(fetch: Fetch): void {
    const peer = this.#choose(fetch);
    if (peer) this.#begin(fetch, peer, true);
  }

  #choose(fetch: Fetch): Peer | undefined {
    const { clock, store, seed } = this.#owner;
    const relay = fetch.own ? this.#owner.relayOf(fetch.piece) : undefined;
    const bytes = store.pieceLength(fetch.piece);
    return choosePeer(this.#owner.peers(), { fetch, bytes, now: clock.now(), relay, seed });
  }

  #begin(fetch: Fetch, peer: Peer, urgent: boolean): boolean {
    const slot = this.#owner.store.takeSlot() ?? (urgent ? this.#stealSlot() : undefined);
    if (slot === undefined) {
      this.#starved = true;
      if (fetch.attempts.length === 0 && fetch.waiters.size === 0) this.#fetches.delete(fetch.piece);
      return false;
    }
    const blocks = Math.ceil(this.#owner.store.pieceLength(fetch.piece) / BLOCK_BYTES);
    const now = this.#owner.clock.now();
    const attempt: Attempt = {
      fetch,
      peer,
      slot,
      received: new Uint8Array(blocks),
      left: blocks,
      next: 0,
      urgent,
      relayed: !peer.has.has(fetch.piece),
      inFlight: 0,
      startedAt: now,
      firstBlockAt: now,
      progressAt: now,
    };
    fetch.attempts.push(attempt);
    peer.attempts.set(fetch.piece, attempt);
    if (!urgent) {
      this.#backgroundAttempts++;
      this.#courtesy.began();
    }
    this.#send(attempt);
    return true;
  }

  /** A read that is waited for takes the place of the youngest background transfer. */
  #stealSlot(): number | undefined {
    let youngest: Attempt | undefined;
    for (const { attempts } of this.#fetches.values()) {
      for (const attempt of attempts) if (!attempt.urgent) youngest = attempt;
    }
    if (!youngest) return undefined;
    this.#drop(youngest, true);
    return this.#owner.store.takeSlot();
  }

  #makeUrgent(attempt: Attempt): void {
    if (attempt.urgent) return;
    this.#backgroundAttempts--;
    attempt.peer.backgroundInFlight -= attempt.inFlight;
    attempt.peer.urgentInFlight += attempt.inFlight;
    attempt.urgent = true;
    this.#send(attempt);
  }

  /** Asks for as many more blocks as the window of its class allows. */
  #send(attempt: Attempt): void {
    const { peer, fetch } = attempt;
    const length = this.#owner.store.pieceLength(fetch.piece);
    const room = attempt.urgent ? URGENT_WINDOW - peer.urgentInFlight : BACKGROUND_WINDOW - peer.backgroundInFlight;
    const end = Math.min(attempt.received.length, attempt.next + Math.max(0, room));
    for (; attempt.next < end; attempt.next++) {
      const begin = attempt.next * BLOCK_BYTES;
      const range = { piece: fetch.piece, begin, length: Math.min(BLOCK_BYTES, length - begin) };
      peer.request(range, attempt.urgent);
      this.#countInFlight(attempt, 1);
    }
  }

  #countInFlight(attempt: Attempt, change: number): void {
    attempt.inFlight += change;
    if (attempt.urgent) attempt.peer.urgentInFlight += change;
    else attempt.peer.backgroundInFlight += change;
  }

  /** Keeps the peer busy: what was begun first, then new pieces in the background. */
  #fill(peer: Peer): void {
    for (const attempt of peer.attempts.values()) if (attempt.next < attempt.received.length) this.#send(attempt);
    while (peer.backgroundInFlight < BACKGROUND_WINDOW && this.#mayBeginInBackground(peer)) {
      const piece = this.#next(peer);
      if (piece === undefined || !this.#begin(this.#fetchOf(piece), peer, false)) return;
    }
  }

  /** What a boot will read next does not wait for the reader to be calm. */
  #next(peer: Peer): number | undefined {
    const ahead = this.#owner.nextAhead(peer, this.#fetches);
    if (ahead !== undefined || !this.#courtesy.mayBegin()) return ahead;
    return this.#owner.nextInBackground(peer, this.#fetches);
  }

  #mayBeginInBackground(peer: Peer): boolean {
    if (peer.chokesUs || peer.wire.closed || this.#backgroundAttempts >= this.#backgroundSlots) return false;
    return peer.slowUntil <= this.#owner.clock.now();
  }

  #finish(attempt: Attempt, bytes: Uint8Array): void {
    const { fetch, peer } = attempt;
    if (!this.#owner.isGood(fetch.piece, bytes)) {
      this.#drop(attempt, false);
      fetch.avoid.set(peer, Number.POSITIVE_INFINITY);
      this.#owner.onLiar(peer, fetch.piece);
      this.plan();
      return;
    }
    this.#praise(attempt, bytes.length);
    this.#detach(attempt);
    for (const other of [...fetch.attempts]) this.#overtaken(other);
    this.#fetches.delete(fetch.piece);
    this.#urgent.delete(fetch);
    this.#owner.onPiece(fetch.piece, attempt.slot);
    for (const waiter of fetch.waiters) waiter(bytes);
    if (this.#starved) this.plan();
  }

  #praise({ peer, urgent, relayed, startedAt, firstBlockAt }: Attempt, bytes: number): void {
    peer.slowUntil = 0;
    peer.refused = 0;
    peer.stalls = 0;
    if (urgent && !relayed)
      peer.rating.measured(bytes, firstBlockAt - startedAt, this.#owner.clock.now() - firstBlockAt);
  }

  /** Another peer was first: this one takes at least as long as it has taken already. */
  #overtaken(attempt: Attempt): void {
    const { peer, relayed, startedAt, urgent } = attempt;
    const elapsedMs = this.#owner.clock.now() - startedAt;
    if (urgent && !relayed && attempt.left === attempt.received.length) peer.rating.waited(elapsedMs);
    this.#drop(attempt, true);
  }

  /** Ends an attempt without a piece. @param tell Say so to the peer, as it may still be sending. */
  #drop(attempt: Attempt, tell: boolean): void {
    if (tell) this.#cancelOutstanding(attempt);
    this.#detach(attempt);
    this.#owner.store.giveBack(attempt.slot);
    const { fetch } = attempt;
    if (fetch.attempts.length === 0 && fetch.waiters.size === 0) this.#fetches.delete(fetch.piece);
  }

  #cancelOutstanding({ fetch, peer, received, next }: Attempt): void {
    const length = this.#owner.store.pieceLength(fetch.piece);
    for (let block = 0; block < next; block++) {
      if (received[block]) continue;
      const begin = block * BLOCK_BYTES;
      const range = { piece: fetch.piece, begin, length: Math.min(BLOCK_BYTES, length - begin) };
      peer.wire.send({ kind: 'cancel', ...range });
    }
  }

  #detach(attempt: Attempt): void {
    this.#countInFlight(attempt, -attempt.inFlight);
    if (!attempt.urgent) this.#backgroundAttempts--;
    attempt.peer.attempts.delete(attempt.fetch.piece);
    attempt.fetch.attempts.splice(attempt.fetch.attempts.indexOf(attempt), 1);
  }

  /** Overtakes slow attempts that are waited for, and moves stalled ones. */
  #sweep(): void {
    const now = this.#owner.clock.now();
    const retry = ++this.#sweeps % SWEEPS_PER_RETRY === 0;
    for (const fetch of [...this.#fetches.values()]) {
      for (const attempt of [...fetch.attempts]) this.#checkStall(attempt, now);
      if (!this.#urgent.has(fetch)) continue;
      const [only] = fetch.attempts;
      const late = fetch.attempts.length === 1 && now - only!.startedAt > hedgeDelayMs(only!.peer, only!.relayed);
      if (late || (!only && (retry || fetch.retryAt <= now))) this.#ask(fetch);
    }
    if (this.#fetches.size > 0) return;
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  #checkStall(attempt: Attempt, now: number): void {
    const silentMs = now - attempt.progressAt;
    if (silentMs < (attempt.urgent ? URGENT_STALL_MS : BACKGROUND_STALL_MS)) return;
    const { fetch, peer } = attempt;
    const alone = fetch.attempts.length === 1 && !this.#choose(fetch);
    if (alone && silentMs < LONE_STALL_MS) return;
    fetch.avoid.set(peer, now + AVOID_MS);
    this.#drop(attempt, true);
    this.plan();
    if (!attempt.relayed) this.#blame(peer, fetch.piece, alone);
  }

  /** A peer that lets somebody wait is asked last for a while; who does nothing else, is not spoken to. */
  #blame(peer: Peer, piece: number, alone: boolean): void {
    const now = this.#owner.clock.now();
    const isNews = peer.slowUntil < now;
    peer.slowUntil = now + AVOID_MS;
    if (!isNews) return;
    this.#owner.onStall(peer, piece);
    if (!alone && ++peer.stalls >= MAX_STALLS)
      this.#owner.onOffender(peer, `stalls, ${MAX_STALLS} times without a piece between`);
  }
}
