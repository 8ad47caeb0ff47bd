// Which pieces are wanted now, and from whom each is fetched. A piece that somebody waits for may be fetched from two peers; the first good one wins. Owns the
// fetches; their blocks are moved by transfers.ts, late and stalled ones are found by vigilance.ts, whole ones are judged by acceptance.ts.

import { Acceptance } from './acceptance.ts';
import { type Attempt, type Fetch, hasBegun } from './attempt.ts';
import type { PieceChecker } from './checking/piece-checker.ts';
import type { Clock } from './clock.ts';
import { Courtesy } from './courtesy.ts';
import { Laters } from './laters.ts';
import type { Peer } from './peer/peer.ts';
import { choosePeer } from './policy.ts';
import type { PieceStore } from './store.ts';
import { Transfers } from './transfers.ts';
import { AVOID_MS, Vigilance } from './vigilance.ts';
import { Wanted } from './wanted.ts';

/** A piece that a peer gives to another just now is asked for again after so long if a reader waits; if not, see laters.ts. */
const URGENT_LATER_MS = 60;

export interface RequestsOwner {
  readonly clock: Clock;
  readonly store: PieceStore;
  /** Of this node's id. */
  readonly seed: number;
  peers(): Iterable<Peer>;
  /** The member that fetches this piece for the room, if it is another one, connected, and no member has the piece. */
  relayOf(piece: number): Peer | undefined;
  isGood(piece: number, bytes: Uint8Array): boolean;
  readonly checker: PieceChecker;
  /** A verified piece, before its waiters get it: takes the slot over. */
  onPiece(piece: number, slot: number): void;
  /** The peer sent a piece with a wrong hash. */
  onLiar(peer: Peer, piece: number): void;
  onStall(peer: Peer, piece: number): void;
  /** The peer is of no use: it stalls, or does not give what it announces. */
  onOffender(peer: Peer, reason: string): void;
  /** Whether a piece that nobody waits for is to be fetched. */
  isWanted(piece: number): boolean;
  /** The next piece of the boot trace to fetch ahead from this peer, or undefined. */
  nextAhead(peer: Peer, busy: ReadonlyMap<number, Fetch>): number | undefined;
  /** The next piece to fetch from this peer while nobody waits, or undefined. */
  nextInBackground(peer: Peer, busy: ReadonlyMap<number, Fetch>): number | undefined;
}

export class Requests {
  readonly #owner: RequestsOwner;
  readonly #wanted = new Wanted();
  readonly #laters: Laters;
  readonly #transfers: Transfers;
  readonly #acceptance: Acceptance;
  readonly #vigilance: Vigilance;
  readonly #courtesy: Courtesy;
  #planned = false;
  /** Peers that may get new work at the end of this turn. */
  readonly #toFill = new Set<Peer>();
  #turns = 0;
  /** An attempt found no slot: looked at again when one may have become free. */
  #starved = false;

  constructor(owner: RequestsOwner) {
    this.#owner = owner;
    this.#laters = new Laters(() => owner.clock.now());
    this.#courtesy = new Courtesy(owner.clock, () => this.plan());
    const acceptance = new Acceptance({
      ...owner,
      onGood: (attempt, bytes) => this.#onGood(attempt, bytes),
      onBad: (attempt) => this.#onBad(attempt),
    });
    this.#acceptance = acceptance;
    this.#transfers = new Transfers({
      clock: owner.clock,
      store: owner.store,
      get checking() {
        return acceptance.count;
      },
      prepare: (memory) => owner.checker.prepare(memory),
      onWhole: (attempt, bytes) => acceptance.take(attempt, bytes),
      onDropped: (fetch) => this.#wanted.forgetUnwanted(fetch),
    });
    this.#vigilance = new Vigilance({
      clock: owner.clock,
      fetches: () => this.#wanted.fetches.values(),
      ask: (fetch) => this.#ask(fetch),
      canAskAnother: (fetch) => this.#choose(fetch) !== undefined,
      giveUp: (attempt) => this.#giveUp(attempt),
      onStall: owner.onStall,
      onOffender: owner.onOffender,
    });
  }

  /** Pieces that somebody on this node waits for. */
  get waitingPieces(): number {
    return this.#wanted.waitingPieces;
  }

  /** The first of those pieces, waited for since `longMs` at least, of which `matches` says so. */
  waitedFor(longMs: number, matches: (piece: number) => boolean): number | undefined {
    return this.#wanted.waitedFor(this.#owner.clock.now() - longMs, matches);
  }

  /**
   * Calls `waiter` with the verified bytes, a view valid during the call, as soon as they are there, however long that takes.
   * Equal demands share one fetch. @param own Somebody on this node waits, and not another member. @returns Forgets the demand.
   */
  demand(piece: number, waiter: (bytes: Uint8Array) => void, own = true): () => void {
    if (own) this.#courtesy.demanded();
    const fetch = this.#wanted.of(piece);
    if (own && !fetch.own) fetch.ownSince = this.#owner.clock.now();
    fetch.own ||= own;
    this.#wanted.addWaiter(fetch, waiter);
    for (const attempt of fetch.attempts) this.#transfers.makeUrgent(attempt);
    this.plan();
    return () => {
      fetch.waiters.delete(waiter);
      this.#wanted.forgetUnwanted(fetch);
    };
  }

  /** Something has changed: looks for work at the end of this turn. */
  plan(): void {
    this.#planFor(this.#owner.peers());
  }

  /** Takes in a block. */
  onBlock(peer: Peer, piece: number, begin: number, bytes: Uint8Array): void {
    if (this.#transfers.onBlock(peer, piece, begin, bytes) && this.#transfers.isHungry(peer)) this.#fill(peer);
  }

  /** The peer will not serve this piece (BEP 6 reject). */
  onReject(peer: Peer, piece: number): void {
    const attempt = peer.attempts.get(piece);
    if (!attempt) return;
    attempt.fetch.avoid.set(peer, this.#owner.clock.now() + AVOID_MS);
    this.#transfers.drop(attempt, false);
    this.plan();
    this.#vigilance.onRefused(peer, attempt.relayed);
  }

  /** The peer gives the piece to another member just now, which will announce it. */
  onLater(peer: Peer, piece: number): void {
    const attempt = peer.attempts.get(piece);
    if (!attempt || hasBegun(attempt)) return;
    const now = this.#owner.clock.now();
    if (attempt.urgent) attempt.fetch.avoid.set(peer, now + URGENT_LATER_MS);
    else this.#laters.add(piece, peer);
    attempt.fetch.retryAt = now + URGENT_LATER_MS;
    this.#transfers.drop(attempt, false);
    this.#fill(peer);
  }

  /** The piece is on its way to another member; in the background it is left alone until that one has it. */
  isLater(piece: number, peer: Peer): boolean {
    return this.#laters.has(piece, peer);
  }

  /** A peer has announced a piece: in a large room there are thousands of these in a second, so only this peer is looked at, and only if the piece is wanted. */
  onHave(peer: Peer, piece: number): void {
    if (peer.keepsInRam) this.#laters.delete(piece);
    const fetch = this.#wanted.fetches.get(piece);
    const isMissed = fetch ? fetch.waiters.size > 0 && fetch.attempts.length === 0 : this.#owner.isWanted(piece);
    if (isMissed) this.#planFor([peer]);
  }

  /** The peer is gone or chokes us: what it had begun goes on elsewhere. */
  abandon(peer: Peer): void {
    for (const attempt of [...peer.attempts.values()]) this.#transfers.drop(attempt, false);
    this.plan();
  }

  close(): void {
    this.#courtesy.close();
    this.#vigilance.close();
    this.#wanted.clear();
  }

  #planFor(peers: Iterable<Peer>): void {
    if (!this.#planned) queueMicrotask(() => this.#planNow());
    this.#planned = true;
    for (const peer of peers) this.#toFill.add(peer);
  }

  #planNow(): void {
    this.#planned = false;
    this.#starved = false;
    for (const fetch of [...this.#wanted.urgent]) {
      if (fetch.checked) this.#acceptance.hurry(fetch);
      else if (fetch.attempts.length === 0) this.#ask(fetch);
    }
    const peers = this.#inTurn();
    this.#toFill.clear();
    for (const peer of peers) this.#fill(peer);
    if (this.#wanted.fetches.size > 0) this.#vigilance.wake();
  }

  /** Each time another one first: what several peers have is then asked of all in turn. */
  #inTurn(): Peer[] {
    const peers = [...this.#toFill];
    const first = this.#turns++ % Math.max(1, peers.length);
    return [...peers.slice(first), ...peers.slice(0, first)];
  }

  /** Begins one more attempt at a piece that is waited for. */
  #ask(fetch: Fetch): void {
    if (fetch.checked) return;
    fetch.retryAt = Number.POSITIVE_INFINITY;
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
    if (this.#transfers.begin(fetch, peer, urgent)) return true;
    this.#starved = true;
    this.#wanted.forgetUnwanted(fetch);
    return false;
  }

  #giveUp(attempt: Attempt): void {
    this.#transfers.drop(attempt, true);
    this.plan();
  }

  /** Keeps the peer busy: what was begun first, then new pieces in the background. */
  #fill(peer: Peer): void {
    this.#transfers.goOn(peer);
    if (peer.chokesUs || peer.wire.closed || peer.slowUntil > this.#owner.clock.now()) return;
    while (this.#transfers.mayBeginAt(peer)) {
      const piece = this.#next(peer);
      if (piece === undefined || !this.#begin(this.#wanted.of(piece), peer, false)) return;
      this.#courtesy.began();
    }
  }

  /** What a boot will read next does not wait for the reader to be calm. */
  #next(peer: Peer): number | undefined {
    const ahead = this.#owner.nextAhead(peer, this.#wanted.fetches);
    if (ahead !== undefined || !this.#courtesy.mayBegin()) return ahead;
    return this.#owner.nextInBackground(peer, this.#wanted.fetches);
  }

  #onBad({ fetch, peer, slot }: Attempt): void {
    fetch.avoid.set(peer, Number.POSITIVE_INFINITY);
    this.#owner.store.giveBack(slot);
    this.#wanted.forgetUnwanted(fetch);
    this.#owner.onLiar(peer, fetch.piece);
    this.plan();
  }

  #onGood(attempt: Attempt, bytes: Uint8Array): void {
    const { fetch } = attempt;
    this.#vigilance.onGiven(attempt, bytes.length);
    for (const other of [...fetch.attempts]) this.#overtaken(other);
    this.#wanted.delete(fetch);
    this.#owner.onPiece(fetch.piece, attempt.slot);
    for (const waiter of fetch.waiters) waiter(bytes);
    if (this.#starved) this.plan();
  }

  /** Another peer was first: this one takes at least as long as it has taken already. */
  #overtaken(attempt: Attempt): void {
    const elapsedMs = this.#owner.clock.now() - attempt.startedAt;
    if (attempt.urgent && !attempt.relayed && !hasBegun(attempt)) attempt.peer.rating.waited(elapsedMs);
    this.#transfers.drop(attempt, true);
  }
}
