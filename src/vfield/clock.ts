// Time as a value: whatever waits or measures in the field takes a Clock, so that tests and the simulator run on their own time.

/** A pending timer; only its maker knows what is inside. */
export type Timer = unknown;

/** Milliseconds that only go forward, and timers on them. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `task` once after `milliseconds`. A pending timer keeps the process alive: a node that waits for a peer must not end. */
  setTimeout(task: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** Taken once: the global is a getter that costs microseconds, and the time is asked for with every block. */
const monotonic = performance;

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => monotonic.now(),
  setTimeout: (task, milliseconds) => setTimeout(task, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Calls `task` every `milliseconds` until the returned function is called. */
export function repeat(clock: Clock, milliseconds: number, task: () => void): () => void {
  let timer: Timer;
  const arm = (): void => {
    timer = clock.setTimeout(() => {
      arm();
      task();
    }, milliseconds);
  };
  arm();
  return () => clock.clearTimeout(timer);
}

/**
 * Folds a burst of calls into one run of `task`, `milliseconds` after the first of them.
 * The returned object's `cancel` forgets a run that is still to come.
 */
export function debounced(clock: Clock, milliseconds: number, task: () => void): { call(): void; cancel(): void } {
  let timer: Timer;
  const run = (): void => {
    timer = undefined;
    task();
  };
  return {
    call: () => {
      timer ??= clock.setTimeout(run, milliseconds);
    },
    cancel: () => {
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
    },
  };
}
