// Makes placements beside everything else: in slices of a few milliseconds, since the same thread answers the kernel. The old placement holds until the new one is
// ready. Members that change meanwhile start it anew once it is done, after a pause, so that a room in which somebody comes or goes all the time
// gets its placements too, and has most of its time for reads.

import type { Clock, Timer } from './clock.ts';
import { type BootPieces, type Placement, type PlacementMember, planPlacement } from './placement.ts';

/** Work at a time; a step takes well below 1 ms, so that a read waits 3 ms at most. */
const SLICE_MS = 2;
/** The pause after a placement, as a multiple of the time it took. */
const PAUSE_FACTOR = 4;

export class Placer {
  readonly #clock: Clock;
  readonly #pieceCount: number;
  readonly #onPlaced: (placement: Placement) => void;
  #work: Generator<void, Placement> | undefined;
  #wanted: readonly PlacementMember[] | undefined;
  #boot: BootPieces | undefined;
  #timer: Timer;
  #busyMs = 0;

  /** @param onPlaced Called with each new placement. */
  constructor(clock: Clock, pieceCount: number, onPlaced: (placement: Placement) => void) {
    this.#clock = clock;
    this.#pieceCount = pieceCount;
    this.#onPlaced = onPlaced;
  }

  /** These are the members from now on, and what a boot reads. */
  place(members: readonly PlacementMember[], boot?: BootPieces): void {
    this.#wanted = members;
    this.#boot = boot;
    this.#timer ??= this.#clock.setTimeout(() => this.#turn(), 0);
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#work = undefined;
    this.#wanted = undefined;
  }

  #turn(): void {
    this.#timer = undefined;
    const work = this.#work ?? this.#begin();
    if (!work) return;
    const placement = this.#slice(work);
    if (placement) this.#finish(placement);
    else this.#timer = this.#clock.setTimeout(() => this.#turn(), 0);
  }

  #begin(): Generator<void, Placement> | undefined {
    if (!this.#wanted) return undefined;
    this.#work = planPlacement(this.#wanted, this.#pieceCount, this.#boot);
    this.#wanted = undefined;
    this.#busyMs = 0;
    return this.#work;
  }

  #slice(work: Generator<void, Placement>): Placement | undefined {
    const start = this.#clock.now();
    let step = work.next();
    while (!step.done && this.#clock.now() - start < SLICE_MS) step = work.next();
    this.#busyMs += this.#clock.now() - start;
    return step.done ? step.value : undefined;
  }

  #finish(placement: Placement): void {
    this.#work = undefined;
    this.#timer = this.#clock.setTimeout(() => this.#turn(), PAUSE_FACTOR * this.#busyMs);
    this.#onPlaced(placement);
  }
}
