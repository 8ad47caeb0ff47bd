// How many background blocks are under way from one peer at once: what its link carries in two milliseconds. That is the time for which a read that
// somebody waits for may find the link taken, whatever the link's speed, and enough to keep it busy. Pure bookkeeping, owned by the peer.

/** At the least: 16 x 16 KiB fill a link of 1 Gbit/s and delay a read by 2 ms. */
export const LEAST_BLOCKS = 16;
/** At the most; every client's queue takes 250. */
export const MOST_BLOCKS = 128;
const WINDOW_MS = 2;
/** The throughput is measured over so long. */
const MEASURE_MS = 5;
/** After a pause the measurement begins anew. */
const PAUSE_MS = 50;

export class BackgroundWindow {
  blocks = LEAST_BLOCKS;
  #since = Number.NEGATIVE_INFINITY;
  #received = 0;

  /**
   * More is to be asked for, up to the whole window: not for each block that comes, since every message wakes the other side, which measured a quarter of all
   * work.
   */
  isLow(inFlight: number): boolean {
    return inFlight * 4 <= this.blocks * 3;
  }

  /** @param now Clock, in ms. */
  onBlock(now: number): void {
    const passedMs = now - this.#since;
    this.#received++;
    if (passedMs < MEASURE_MS) return;
    if (passedMs < PAUSE_MS) this.#adapt(this.#received / passedMs);
    this.#since = now;
    this.#received = 0;
  }

  /** At most twice as much at a time: a burst out of buffers is not the link's speed. */
  #adapt(blocksPerMs: number): void {
    const wanted = Math.ceil(blocksPerMs * WINDOW_MS);
    this.blocks = Math.max(LEAST_BLOCKS, Math.min(MOST_BLOCKS, wanted, this.blocks * 2));
  }
}
