// Knows addresses and dials them: tries again for ever, with pauses of 1 to 5 s. While somebody waits for a piece they begin shorter, and stay so for those whose
// return is counted on: who was one of our nodes, and whom the user named. Owns the list
// of addresses; connections.ts tells it what became of each connection, and how many more are wanted.

import { Chance } from './chance.ts';
import type { Clock } from './clock.ts';

/** Addresses known at most; beyond it, those that failed most of a few taken at random make room. */
const MAX_ADDRESSES = 2_048;
const LOOKED_AT = 8;
const MAX_DIALS_AT_ONCE = 32;
const FIRST_PAUSE_MS = 1_000;
/** The first pause while somebody waits, and every one of those that are counted on: with the time of an attempt itself, a holder that returns is found within 2 s. */
const HURRIED_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Each pause by the one before it, so often at most. */
const PAUSE_GROWTH = 1.5;
const MOST_GROWTHS = 8;
/** Who had no room for us is left in peace for so long, twice as long each time. */
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 60_000;
/** An address that failed so often is no longer counted on. */
const DOUBTED_AT = 4;

/** Pauses are a quarter shorter or longer, by chance. */
const SPREAD = 0.5;
const SPREAD_STEPS = 1_000;

type State = 'idle' | 'dialing' | 'connected' | 'never';

interface Known {
  state: State;
  failures: number;
  rests: number;
  nextAt: number;
  /** The pause is not to be cut short. */
  fixed: boolean;
  /** Named by the user: never forgotten. */
  readonly configured: boolean;
  /** One of our nodes was there. */
  member: boolean;
  /** Place in the list of all addresses. */
  index: number;
}

export interface DialerOptions {
  readonly clock: Clock;
  readonly chance?: Chance;
  /** Connects; rejects when nobody answers. */
  dial(address: string): Promise<void>;
  /** How many more connections are wanted, those under way included. */
  room?(): number;
}

export class Dialer {
  readonly #options: DialerOptions;
  readonly #chance: Chance;
  readonly #known = new Map<string, Known>();
  /** The keys of #known, for taking one at random. */
  readonly #list: string[] = [];
  #dialing = 0;
  /** Somebody waits for a piece: pauses stay short. */
  hurry = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#chance = options.chance ?? new Chance(0);
  }

  get addresses(): string[] {
    return [...this.#list];
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#list.length;
  }

  /** Named by the user. */
  isConfigured(address: string | undefined): boolean {
    return address !== undefined && this.#known.get(address)?.configured === true;
  }

  /** Addresses at which somebody is, as far as is known. */
  get promising(): number {
    let count = 0;
    for (const { state, failures } of this.#known.values()) {
      if (state === 'connected' || (state !== 'never' && failures < DOUBTED_AT)) count++;
    }
    return count;
  }

  /**
   * @param afterMs Not before then, unless somebody waits for a piece.
   * @returns false when it was known already, or there is no room.
   */
  add(address: string, configured = false, afterMs = 0): boolean {
    if (this.#known.has(address)) return false;
    if (this.#list.length >= MAX_ADDRESSES && !this.#forgetOne()) return false;
    const [nextAt, index] = [this.#options.clock.now() + afterMs, this.#list.length];
    this.#known.set(address, {
      state: 'idle',
      failures: 0,
      rests: 0,
      nextAt,
      fixed: false,
      configured,
      member: false,
      index,
    });
    this.#list.push(address);
    return true;
  }

  /** Somebody has been heard at this address just now: it is tried at once. */
  found(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (known) known.nextAt = this.#options.clock.now();
  }

  /** A connection with this address stands, whoever made it. */
  connected(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (!known || known.state === 'never') return;
    known.state = 'connected';
    known.failures = 0;
  }

  /** Who is connected at this address is one of our nodes. */
  isMember(address: string): void {
    const known = this.#known.get(address);
    if (known) known.member = true;
  }

  /** It ended. One that never got to a handshake counts as a failure; a good one is tried again soon. */
  lost(address: string, wasGood: boolean): void {
    const known = this.#known.get(address);
    if (known?.state !== 'connected') return;
    known.state = 'idle';
    if (wasGood) known.nextAt = this.#options.clock.now() + FIRST_PAUSE_MS / 4;
    else this.#pause(known);
  }

  /** After `lost`: one of the two sides has no room for the other. */
  rest(address: string): void {
    const known = this.#known.get(address);
    if (known?.state !== 'idle') return;
    known.fixed = true;
    known.nextAt =
      this.#options.clock.now() + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(8, known.rests++));
  }

  /** Somebody says that nobody is there any more. */
  doubt(address: string): void {
    const known = this.#known.get(address);
    if (known?.state === 'idle') known.failures++;
  }

  /** Our own address. */
  never(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (known) known.state = 'never';
  }

  /** Dials what is due and wanted, from a random place in the list on; called every few hundred ms. */
  tick(): void {
    this.#dialDue(Math.min(MAX_DIALS_AT_ONCE, this.#options.room?.() ?? MAX_DIALS_AT_ONCE));
  }

  /** Dials one more than is wanted. */
  dialOne(): void {
    this.#dialDue(Math.min(MAX_DIALS_AT_ONCE, this.#dialing + 1));
  }

  /** @param most Attempts under way then. */
  #dialDue(most: number): void {
    if (this.#dialing >= most || this.#list.length === 0) return;
    const now = this.#options.clock.now();
    const start = this.#list.length > MAX_DIALS_AT_ONCE ? this.#chance.below(this.#list.length) : 0;
    for (let step = 0; step < this.#list.length && this.#dialing < most; step++) {
      const address = this.#list[(start + step) % this.#list.length]!;
      const known = this.#known.get(address)!;
      const latest = this.hurry && !known.fixed ? now + LONGEST_PAUSE_MS : now;
      if (known.state === 'idle' && known.nextAt <= latest) this.#try(address, known);
    }
  }

  #try(address: string, known: Known): void {
    known.state = 'dialing';
    this.#dialing++;
    const done = (good: boolean): void => {
      this.#dialing--;
      if (known.state !== 'dialing') return;
      known.state = good ? 'connected' : 'idle';
      if (!good) this.#pause(known);
    };
    this.#options.dial(address).then(
      () => done(true),
      () => done(false),
    );
  }

  #pause(known: Known): void {
    known.failures++;
    known.fixed = this.hurry;
    const first = this.hurry ? HURRIED_PAUSE_MS : FIRST_PAUSE_MS;
    const isCountedOn = known.configured || known.member;
    const growth = this.hurry && isCountedOn ? 1 : PAUSE_GROWTH ** Math.min(MOST_GROWTHS, known.failures - 1);
    known.nextAt = this.#options.clock.now() + Math.min(LONGEST_PAUSE_MS, first * growth) * this.#spread();
  }

  /** Those who were turned away together do not come again together. */
  #spread(): number {
    return 1 + (this.#chance.below(SPREAD_STEPS) / SPREAD_STEPS - 0.5) * SPREAD;
  }

  /** Of a few taken at random, the one that failed most. */
  #forgetOne(): boolean {
    let worst: string | undefined;
    for (let look = 0; look < LOOKED_AT; look++) {
      const address = this.#list[this.#chance.below(this.#list.length)]!;
      const { configured, state, failures } = this.#known.get(address)!;
      if (configured || state === 'dialing' || state === 'connected') continue;
      if (worst === undefined || failures > this.#known.get(worst)!.failures) worst = address;
    }
    if (worst === undefined) return false;
    this.#remove(worst);
    return true;
  }

  #remove(address: string): void {
    const { index } = this.#known.get(address)!;
    const last = this.#list.pop()!;
    if (last !== address) {
      this.#list[index] = last;
      this.#known.get(last)!.index = index;
    }
    this.#known.delete(address);
  }
}
