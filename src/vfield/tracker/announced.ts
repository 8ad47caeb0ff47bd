// Who has announced himself to our tracker: a bounded table that forgets who does not come again. Owns the entries; time comes from the Clock.

import type { Clock } from '../clock.ts';

/** Clients known at once; beyond it the one that has been silent longest makes room. */
export const MAX_ANNOUNCED = 1024;

interface Entry {
  readonly isSeed: boolean;
  readonly seenAt: number;
}

export class Announced {
  readonly #clock: Clock;
  readonly #lifeMs: number;
  /** By `host:port`, the one that was seen last at the end. */
  readonly #entries = new Map<string, Entry>();

  /** @param lifeMs So long after its last announce a client is forgotten. */
  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  add(address: string, isSeed: boolean): void {
    this.#entries.delete(address);
    this.#entries.set(address, { isSeed, seenAt: this.#clock.now() });
    if (this.#entries.size > MAX_ANNOUNCED) this.#entries.delete(this.#entries.keys().next().value!);
  }

  remove(address: string): void {
    this.#entries.delete(address);
  }

  /** Those alive, the newest first. */
  addresses(): string[] {
    this.#expire();
    return [...this.#entries.keys()].reverse();
  }

  count(): { seeds: number; others: number } {
    this.#expire();
    const seeds = Array.from(this.#entries.values()).filter(({ isSeed }) => isSeed).length;
    return { seeds, others: this.#entries.size - seeds };
  }

  #expire(): void {
    const oldest = this.#clock.now() - this.#lifeMs;
    for (const [address, { seenAt }] of this.#entries) {
      if (seenAt >= oldest) return;
      this.#entries.delete(address);
    }
  }
}
