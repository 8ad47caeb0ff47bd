// Who gets one of a bounded number of connections, and who has to go. A room up to the bound is a full mesh, where nobody is refused; in a larger one a node keeps the
// connections that are worth most to both sides (neighbourhood.ts), mixes them now and then by chance, and makes room for who seeks a piece that is here.

import type { Clock } from './clock.ts';
import type { Dialer } from './dialer.ts';
import type { Guest } from './guest.ts';
import { Neighbourhood } from './neighbourhood.ts';
import type { ExtendedHandshake, MemberHello } from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';
import { seedOf } from './placement.ts';

/** In a room that is no full mesh, a connection by chance is tried so often. */
const MIX_MS = 5_000;
/** A full node gives one place to a newcomer so often at most. */
const SWAP_MS = 1_000;
/** So long a node that starts does not know whether the room is large, and dials as if it were: in one that starts at once, those who come first would take all places. */
const YOUNG_MS = 1_000;
/** Younger connections have not shown what they are good for; who came for a piece has it sooner. */
const GROWN_MS = 5_000;
const SERVED_MS = 1_000;
/** Members are counted so often at most. */
const COUNT_MS = 20;

export interface PlacesOptions {
  readonly clock: Clock;
  readonly dialer: Dialer;
  /** Connected peers, by id. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** Connections held in a room that is too large for a full mesh. */
  readonly bound: number;
  /** Of this node's id. */
  readonly seed: number;
  /** A piece that is waited for and that no peer has. */
  seeks(): number | undefined;
  /** This node can give the piece. */
  gives(piece: number): boolean;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #neighbourhood: Neighbourhood;
  readonly #openedAt: number;
  #isLarge = false;
  #countedAt = Number.NEGATIVE_INFINITY;
  #mixedAt = 0;
  #swappedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#openedAt = options.clock.now();
    this.#neighbourhood = new Neighbourhood(options.bound, options.seed);
  }

  /** The room has more members than fit into a full mesh. Asked with every request; all addresses are looked through now and then. */
  get isLarge(): boolean {
    const { dialer, clock } = this.#options;
    if (!this.#neighbourhood.isLarge(dialer.size)) return false;
    if (clock.now() - this.#countedAt >= COUNT_MS) {
      this.#countedAt = clock.now();
      this.#isLarge = this.#neighbourhood.isLarge(dialer.promising);
    }
    return this.#isLarge;
  }

  /** One more connection needs no thought. */
  get isFree(): boolean {
    return this.#options.peers.size < this.#neighbourhood.bound;
  }

  /** Connections held at most, while a piece is sought. */
  get most(): number {
    return this.#neighbourhood.most;
  }

  /** Connections that are still to be made; below zero there are too many. */
  get wanted(): number {
    const isYoung = this.#options.clock.now() - this.#openedAt < YOUNG_MS;
    return this.#neighbourhood.target(isYoung || this.isLarge, this.#isSeeking) - this.#options.peers.size;
  }

  /** Beyond the bound: who seeks what we have, the first medium, and now and then one who is new in the field or nearer than another. */
  isWorthOne(guest: Guest, { member }: ExtendedHandshake): boolean {
    if (this.isFree) return true;
    if (!member) return false;
    if (this.#isSought(member)) return this.#makePlace();
    if (member.kind === 'medium' && !this.#hasMedium()) return this.#makePlace();
    const isPoor = member.connections !== undefined && this.#neighbourhood.isPoor(member.connections);
    return this.#swapFor(guest, isPoor);
  }

  /**
   * In a large room, now and then one more by chance, so that groups who know each other do not close themselves off. Both sides put the same value on a
   * connection and keep the best, so this comes to rest.
   */
  mix(): void {
    const now = this.#options.clock.now();
    if (now - this.#mixedAt < MIX_MS || !this.isLarge) return;
    this.#mixedAt = now;
    this.#options.dialer.dialOne();
  }

  /** While a piece is sought, places are kept free for who may have it; else what is beyond the bound goes when it is idle. */
  trim(): void {
    const { bound, most } = this.#neighbourhood;
    const seeking = this.#isSeeking;
    const surplus = this.#options.peers.size - (seeking ? most - Math.ceil((most - bound) / 4) : bound);
    if (surplus <= 0) return;
    for (const peer of this.#idle(seeking ? 0 : GROWN_MS).slice(0, surplus))
      this.#letGo(peer, 'more connections than needed');
  }

  get #isSeeking(): boolean {
    return this.#options.seeks() !== undefined;
  }

  /** It waits for a piece that is here. Whoever has no other connection has not looked anywhere: it is told of others instead. */
  #isSought({ seeks, connections }: MemberHello): boolean {
    return seeks !== undefined && connections !== 1 && this.#options.gives(seeks);
  }

  #makePlace(): boolean {
    if (this.#options.peers.size < this.#neighbourhood.most) return true;
    const [least] = this.#idle(SERVED_MS);
    if (least) this.#letGo(least, 'makes room for one that waits');
    return least !== undefined;
  }

  #swapFor(guest: Guest, isPoor: boolean): boolean {
    const now = this.#options.clock.now();
    if (now - this.#swappedAt < SWAP_MS) return false;
    const [least] = this.#idle(GROWN_MS);
    const guestSeed = seedOf(guest.handshake.peerId.toHex());
    if (!least || !(isPoor || this.#neighbourhood.isNearer(guestSeed, least.seed))) return false;
    this.#swappedAt = now;
    this.#letGo(least, 'makes room for another');
    return true;
  }

  /** Peers that may go, those worth least first. Whom the user has named stays. @param leastMs So long they have been here. */
  #idle(leastMs: number): Peer[] {
    const { peers, dialer, clock } = this.#options;
    const others = peers.values().filter((peer) => !dialer.isConfigured(peer.dialAddress));
    return this.#neighbourhood.idle(others, leastMs, clock.now());
  }

  #hasMedium(): boolean {
    return this.#options.peers.values().some((peer) => peer.member?.kind === 'medium');
  }

  #letGo(peer: Peer, reason: string): void {
    peer.wire.close(reason);
    if (peer.dialAddress) this.#options.dialer.rest(peer.dialAddress);
  }
}
