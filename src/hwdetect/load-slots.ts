// How many modules are loaded at once: a few, and those that are slow to probe do not count, so that a controller that takes
// seconds holds up nothing but what depends on it.

export interface SlotLimits {
  /** Loads at once that are still quick. */
  readonly quick: number;
  /** Loads at once in all: each may hold a thread. */
  readonly most: number;
  /** After this long a load counts as slow; see LoadSlots for what is added to it. */
  readonly slowMs: number;
}

export const DEFAULT_SLOTS: SlotLimits = { quick: 2, most: 8, slowMs: 500 };
/** The first load also starts a thread, which alone takes a second on an emulated machine. */
const FIRST_LOADS = 2;
/** Until the first one has ended, slow is this many times `slowMs`. */
const BEFORE_THE_FIRST = 8;

interface Running {
  slow: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * What is slow depends on the machine: what takes longer than `slowMs` and than twice the first load. Without that, a slow machine would
 * start all its threads at once, each making the others slower.
 */
export class LoadSlots {
  readonly #limits: SlotLimits;
  readonly #now: () => number;
  readonly #queue: (() => void)[] = [];
  readonly #running = new Set<Running>();
  #slowMs: number | undefined;

  constructor(limits: SlotLimits = DEFAULT_SLOTS, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Runs `job` when there is room; first come, first served. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    const running: Running = { slow: false };
    await new Promise<void>((enter) => {
      this.#queue.push(() => {
        this.#running.add(running);
        enter();
      });
      this.#admit();
    });
    const startMs = this.#now();
    this.#watch(running);
    try {
      return await job();
    } finally {
      clearTimeout(running.timer);
      this.#running.delete(running);
      this.#learn(this.#now() - startMs);
      this.#admit();
    }
  }

  #learn(tookMs: number): void {
    if (this.#slowMs !== undefined) return;
    this.#slowMs = Math.max(this.#limits.slowMs, FIRST_LOADS * tookMs);
    for (const running of this.#running) this.#watch(running);
  }

  #watch(running: Running): void {
    clearTimeout(running.timer);
    running.timer = setTimeout(
      () => {
        running.slow = true;
        this.#admit();
      },
      this.#slowMs ?? BEFORE_THE_FIRST * this.#limits.slowMs,
    );
  }

  #admit(): void {
    const hasRoom = () =>
      this.#running.size < this.#limits.most &&
      [...this.#running].filter(({ slow }) => !slow).length < this.#limits.quick;
    while (this.#queue.length > 0 && hasRoom()) this.#queue.shift()!();
  }
}
