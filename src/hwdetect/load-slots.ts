// How many modules are loaded at once: a few, and those that are slow to probe do not count, so that a controller that takes
// seconds holds up nothing but what depends on it.

export interface SlotLimits {
  /** Loads at once that are still quick. */
  readonly quick: number;
  /** Loads at once in all: each may hold a thread. */
  readonly most: number;
  /** After this long a load counts as slow. */
  readonly slowMs: number;
}

export const DEFAULT_SLOTS: SlotLimits = { quick: 3, most: 12, slowMs: 300 };

export class LoadSlots {
  readonly #limits: SlotLimits;
  readonly #queue: (() => void)[] = [];
  #quick = 0;
  #all = 0;

  constructor(limits: SlotLimits = DEFAULT_SLOTS) {
    this.#limits = limits;
  }

  /** Runs `job` when there is room; first come, first served. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    await this.#enter();
    let slow = false;
    const timer = setTimeout(() => {
      slow = true;
      this.#quick--;
      this.#admit();
    }, this.#limits.slowMs);
    try {
      return await job();
    } finally {
      clearTimeout(timer);
      if (!slow) this.#quick--;
      this.#all--;
      this.#admit();
    }
  }

  #enter(): Promise<void> {
    return new Promise((enter) => {
      this.#queue.push(enter);
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#queue.length > 0 && this.#quick < this.#limits.quick && this.#all < this.#limits.most) {
      this.#quick++;
      this.#all++;
      this.#queue.shift()!();
    }
  }
}
