// Looks after the pieces that are on their way: has a second peer asked where the first is late, takes stalled attempts away from their peer, and keeps account of
// who stalls and refuses. Owns the timer; it runs only while something is wanted.

import type { Attempt, Fetch } from './attempt.ts';
import { type Clock, repeat } from './clock.ts';
import type { Peer } from './peer/peer.ts';
import { hedgeDelayMs } from './policy.ts';

/** Without a block for so long, an attempt that somebody waits for / nobody waits for goes to another peer. */
const URGENT_STALL_MS = 1_000;
const BACKGROUND_STALL_MS = 4_000;
/** The same where nobody else has the piece: asking again would only lose what is on its way. */
const LONE_STALL_MS = 20_000;
/** So long a peer that stalled or refused is not asked again for the same piece, and one that stalled is asked last for others. */
export const AVOID_MS = 5_000;
const SWEEP_MS = 10;
/** Every so many sweeps, pieces that nobody could be asked for are tried again; news of a holder does so at once. */
const SWEEPS_PER_RETRY = 50;
/** Pieces that a peer may refuse although it announced them, one after the other, and times that it may stall in a row. */
const MAX_REFUSALS = 16;
const MAX_STALLS = 4;

export interface VigilanceOwner {
  readonly clock: Clock;
  /** All that is wanted; those that somebody waits for have waiters. */
  fetches(): Iterable<Fetch>;
  /** Begins one more attempt at a piece that is waited for, if anybody can be asked. */
  ask(fetch: Fetch): void;
  canAskAnother(fetch: Fetch): boolean;
  /** Ends an attempt, says so to the peer, and looks for other work. */
  giveUp(attempt: Attempt): void;
  onStall(peer: Peer, piece: number): void;
  /** The peer is of no use: it stalls, or does not give what it announces. */
  onOffender(peer: Peer, reason: string): void;
}

export class Vigilance {
  readonly #owner: VigilanceOwner;
  #sweeps = 0;
  #stop: (() => void) | undefined;

  constructor(owner: VigilanceOwner) {
    this.#owner = owner;
  }

  /** Something is wanted. */
  wake(): void {
    this.#stop ??= repeat(this.#owner.clock, SWEEP_MS, () => this.#sweep());
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** The peer has given a good piece. @param bytes Of the piece. */
  onGiven({ peer, urgent, relayed, startedAt, firstBlockAt }: Attempt, bytes: number): void {
    peer.slowUntil = 0;
    peer.refused = 0;
    peer.stalls = 0;
    const transferMs = this.#owner.clock.now() - firstBlockAt;
    if (urgent && !relayed) peer.rating.measured(bytes, firstBlockAt - startedAt, transferMs);
  }

  /** The peer will not give a piece. @param relayed It never said that it had it. */
  onRefused(peer: Peer, relayed: boolean): void {
    if (relayed || ++peer.refused <= MAX_REFUSALS) return;
    this.#owner.onOffender(peer, `refuses what it announced, ${MAX_REFUSALS} pieces in a row`);
  }

  #sweep(): void {
    const now = this.#owner.clock.now();
    const retry = ++this.#sweeps % SWEEPS_PER_RETRY === 0;
    const fetches = [...this.#owner.fetches()];
    if (fetches.length === 0) this.close();
    for (const fetch of fetches) {
      for (const attempt of [...fetch.attempts]) this.#checkStall(attempt, now);
      if (fetch.waiters.size > 0) this.#checkLate(fetch, now, retry);
    }
  }

  #checkLate(fetch: Fetch, now: number, retry: boolean): void {
    const [first, second] = fetch.attempts;
    if (second) return;
    const isDue = first
      ? now - first.startedAt > hedgeDelayMs(first.peer, first.relayed)
      : retry || fetch.retryAt <= now;
    if (isDue) this.#owner.ask(fetch);
  }

  #checkStall(attempt: Attempt, now: number): void {
    const silentMs = now - attempt.progressAt;
    if (silentMs < (attempt.urgent ? URGENT_STALL_MS : BACKGROUND_STALL_MS)) return;
    const { fetch, peer } = attempt;
    const isLone = fetch.attempts.length === 1 && !this.#owner.canAskAnother(fetch);
    if (isLone && silentMs < LONE_STALL_MS) return;
    fetch.avoid.set(peer, now + AVOID_MS);
    this.#owner.giveUp(attempt);
    if (!attempt.relayed) this.#blame(peer, fetch.piece, isLone);
  }

  /** A peer that lets somebody wait is asked last for a while; who does nothing else is not spoken to, unless it is the only holder. */
  #blame(peer: Peer, piece: number, isLone: boolean): void {
    const now = this.#owner.clock.now();
    const isNews = peer.slowUntil < now;
    peer.slowUntil = now + AVOID_MS;
    if (!isNews) return;
    this.#owner.onStall(peer, piece);
    if (!isLone && ++peer.stalls >= MAX_STALLS)
      this.#owner.onOffender(peer, `stalls, ${MAX_STALLS} times without a piece between`);
  }
}
