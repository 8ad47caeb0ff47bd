// Keeps connections to every known address: tries again for ever, with pauses of 1 to 5 s (shorter while somebody waits for a piece). Owns the list
// of addresses; the swarm tells it what became of each connection.

import type { Clock } from './clock.ts';

/** Addresses known at most; beyond it, those that failed most make room. A room has 200. */
const MAX_ADDRESSES = 2_048;
const MAX_DIALS_AT_ONCE = 16;
const FIRST_PAUSE_MS = 1_000;
/** Between attempts while somebody waits: with the time of an attempt itself, a holder that returns is found within 2 s. */
const HURRIED_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

type State = 'idle' | 'dialing' | 'connected' | 'never';

interface Known {
  state: State;
  failures: number;
  nextAt: number;
  /** The pause is already the short one. */
  hurried: boolean;
  /** Named by the user: never forgotten. */
  readonly configured: boolean;
}

export class Dialer {
  readonly #clock: Clock;
  readonly #dial: (address: string) => Promise<void>;
  readonly #known = new Map<string, Known>();
  #dialing = 0;
  /** Somebody waits for a piece: pauses stay short. */
  hurry = false;

  /** @param dial Connects; rejects when nobody answers. */
  constructor(clock: Clock, dial: (address: string) => Promise<void>) {
    this.#clock = clock;
    this.#dial = dial;
  }

  get addresses(): string[] {
    return [...this.#known.keys()];
  }

  /**
   * @param afterMs Not before then, unless somebody waits for a piece.
   * @returns false when it was known already.
   */
  add(address: string, configured = false, afterMs = 0): boolean {
    if (this.#known.has(address)) return false;
    if (this.#known.size >= MAX_ADDRESSES && !this.#forgetWorst()) return false;
    this.#known.set(address, {
      state: 'idle',
      failures: 0,
      nextAt: this.#clock.now() + afterMs,
      hurried: false,
      configured,
    });
    return true;
  }

  /** Somebody has been heard at this address just now: it is tried at once. */
  found(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (known) known.nextAt = this.#clock.now();
  }

  /** A connection with this address stands, whoever made it. */
  connected(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (!known || known.state === 'never') return;
    known.state = 'connected';
    known.failures = 0;
  }

  /** It ended. One that never got to a handshake counts as a failure; a good one is tried again soon. */
  lost(address: string, wasGood: boolean): void {
    const known = this.#known.get(address);
    if (known?.state !== 'connected') return;
    known.state = 'idle';
    if (wasGood) known.nextAt = this.#clock.now() + FIRST_PAUSE_MS / 4;
    else this.#pause(known);
  }

  /** Our own address, or a banned one. */
  never(address: string): void {
    this.add(address);
    const known = this.#known.get(address);
    if (known) known.state = 'never';
  }

  /** Dials what is due; called every few hundred ms. */
  tick(): void {
    const latest = this.#clock.now() + (this.hurry ? LONGEST_PAUSE_MS : 0);
    for (const [address, known] of this.#known) {
      if (this.#dialing >= MAX_DIALS_AT_ONCE) return;
      if (known.state === 'idle' && known.nextAt <= (known.hurried ? this.#clock.now() : latest))
        this.#try(address, known);
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
    this.#dial(address).then(
      () => done(true),
      () => done(false),
    );
  }

  #pause(known: Known): void {
    known.failures++;
    known.hurried = this.hurry;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** Math.min(8, known.failures - 1));
    known.nextAt = this.#clock.now() + (this.hurry ? HURRIED_PAUSE_MS : pause);
  }

  #forgetWorst(): boolean {
    let worst: [string, Known] | undefined;
    for (const entry of this.#known) {
      const [, known] = entry;
      if (known.configured || known.state === 'dialing' || known.state === 'connected') continue;
      if (!worst || known.failures > worst[1].failures) worst = entry;
    }
    return worst !== undefined && this.#known.delete(worst[0]);
  }
}
