// The background keeps out of a reader's way: the kernel that boots reads a little, thinks, and reads on, and what is fetched in its pauses costs the
// CPU that it thinks with. Owns when somebody last waited and when the background last began.

import { type Clock, debounced } from './clock.ts';

/** So long after a demand the reader is believed to go on; the background then begins one piece in this time. */
const CALM_MS = 100;

export class Courtesy {
  readonly #clock: Clock;
  readonly #wake: ReturnType<typeof debounced>;
  #demandAt = Number.NEGATIVE_INFINITY;
  #backgroundAt = Number.NEGATIVE_INFINITY;

  /** @param onCalm Called when the background may find that it is allowed again. */
  constructor(clock: Clock, onCalm: () => void) {
    this.#clock = clock;
    this.#wake = debounced(clock, CALM_MS, () => {
      if (this.#isReaderActive()) this.#wake.call();
      onCalm();
    });
  }

  /** Somebody waits for a piece. */
  demanded(): void {
    this.#demandAt = this.#clock.now();
    this.#wake.call();
  }

  mayBegin(): boolean {
    return !this.#isReaderActive() || this.#clock.now() - this.#backgroundAt >= CALM_MS;
  }

  /** A piece that nobody waits for is being fetched. */
  began(): void {
    this.#backgroundAt = this.#clock.now();
  }

  close(): void {
    this.#wake.cancel();
  }

  #isReaderActive(): boolean {
    return this.#clock.now() - this.#demandAt < CALM_MS;
  }
}
