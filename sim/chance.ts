// Chance from a seed: the same numbers in the same order for the same seed, whatever the machine.

import { mix } from '../src/vfield/placement.ts';

const UINT32 = 2 ** 32;

export class Chance {
  readonly #seed: number;
  #drawn = 0;

  /** @param stream Tells apart the uses of one seed. */
  constructor(seed: number, stream = 0) {
    this.#seed = mix(stream, seed);
  }

  /** From 0 to 1, 1 not included. */
  next(): number {
    return mix(this.#drawn++, this.#seed) / UINT32;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Between the two, small ones as probable as large ones by their logarithm. */
  logUniform(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  /** Mostly short, sometimes long: exponential with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** One of them. */
  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }
}
