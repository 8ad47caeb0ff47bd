// Chance that follows from a seed, so that a whole field can be played again.

import { mix } from './placement-keys.ts';

export class Chance {
  readonly #seed: number;
  #drawn = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** An integer of 0 to `limit` - 1. */
  below(limit: number): number {
    return mix(this.#drawn++, this.#seed) % limit;
  }

  /** Up to `count` different ones of `items`, in no order. */
  sample<Item>(items: readonly Item[], count: number): Item[] {
    const rest = [...items];
    for (let at = 0; at < Math.min(count, rest.length); at++) {
      const other = at + this.below(rest.length - at);
      [rest[at], rest[other]] = [rest[other]!, rest[at]!];
    }
    return rest.slice(0, count);
  }
}
