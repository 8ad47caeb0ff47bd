// A clock that jumps from timer to timer, so that a room of nodes runs minutes in milliseconds and the same seed gives the same run.

import type { Clock, Timer } from '../../src/vfield/clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];
  readonly #cancelled = new Set<Entry>();

  now(): number {
    return this.#now;
  }

  setTimeout(task: () => void, milliseconds: number): Timer {
    const entry = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, task };
    this.#push(entry);
    return entry;
  }

  clearTimeout(timer: Timer): void {
    if (timer) this.#cancelled.add(timer as Entry);
  }

  /** Runs until `done` says so. @returns false when `limitMs` of virtual time passed first. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    await settle();
    while (!done()) {
      const entry = this.#pop();
      if (!entry || entry.at > end) {
        if (entry) this.#push(entry);
        this.#now = end;
        return false;
      }
      this.#now = entry.at;
      entry.task();
      await settle();
    }
    return true;
  }

  async run(milliseconds: number): Promise<void> {
    await this.runUntil(() => false, milliseconds);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): Entry | undefined {
    for (;;) {
      const entry = this.#popAny();
      if (!entry || !this.#cancelled.delete(entry)) return entry;
    }
  }

  #popAny(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || first === last) return first;
    heap[0] = last!;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return first;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Lets promises and microtasks that a timer set off run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}
