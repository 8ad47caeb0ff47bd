// How fast a peer gives: its latency and its throughput, averaged over what it has given. What is published moves only when the average has moved away from
// it by a quarter and a millisecond: noise must not send reads to and fro between peers that are alike. Pure bookkeeping, owned by the peer.

/** First guess of one of our nodes and of others, in ms before the first block. */
const MEMBER_LATENCY_MS = 1;
const FOREIGN_LATENCY_MS = 50;
/** First guess of the throughput: a quarter of 1 Gbit/s. */
const FIRST_BYTES_PER_MS = 30_000;
/** Weight of the newest measurement, as of the round trip in RFC 6298: an average of about eight. */
const NEWEST_WEIGHT = 1 / 8;
const HYSTERESIS_FACTOR = 1.25;
const HYSTERESIS_MS = 1;
/** Transfers inside one chunk seem to take no time. */
const SHORTEST_TRANSFER_MS = 0.05;
/** Deviations above the mean that are still usual (RFC 6298, K). */
const USUAL_DEVIATIONS = 4;

export class Rating {
  #latencyMs: number | undefined;
  #bytesPerMs = FIRST_BYTES_PER_MS;
  #publishedLatencyMs: number | undefined;
  #publishedBytesPerMs = FIRST_BYTES_PER_MS;
  #totalMs: number | undefined;
  #deviationMs = 0;

  /**
   * A piece has come, asked for while somebody waited.
   * @param latencyMs From the request to the first block. @param transferMs From the first block to the last.
   */
  measured(bytes: number, latencyMs: number, transferMs: number): void {
    this.waited(latencyMs);
    this.#bytesPerMs = average(this.#bytesPerMs, bytes / Math.max(SHORTEST_TRANSFER_MS, transferMs));
    if (isFar(this.#bytesPerMs, this.#publishedBytesPerMs, 0)) this.#publishedBytesPerMs = this.#bytesPerMs;
    this.#measureTotal(latencyMs + transferMs);
  }

  /** The first block took so long, or had not come after so long. */
  waited(latencyMs: number): void {
    this.#latencyMs = average(this.#latencyMs ?? latencyMs, latencyMs);
    if (this.#publishedLatencyMs === undefined || isFar(this.#latencyMs, this.#publishedLatencyMs, HYSTERESIS_MS))
      this.#publishedLatencyMs = this.#latencyMs;
  }

  /** Bytes per second, averaged. */
  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000;
  }

  /** How long `bytes` would take from a peer that has nothing else to do, in ms. */
  expectedMs(bytes: number, isMember: boolean): number {
    const latencyMs = this.#publishedLatencyMs ?? (isMember ? MEMBER_LATENCY_MS : FOREIGN_LATENCY_MS);
    return latencyMs + bytes / this.#publishedBytesPerMs;
  }

  /** A piece that takes longer than this is late, in ms; undefined before the first measurement. */
  get usualLimitMs(): number | undefined {
    return this.#totalMs === undefined ? undefined : this.#totalMs + USUAL_DEVIATIONS * this.#deviationMs;
  }

  #measureTotal(totalMs: number): void {
    if (this.#totalMs === undefined) {
      this.#totalMs = totalMs;
      this.#deviationMs = totalMs / 2;
      return;
    }
    this.#deviationMs = average(this.#deviationMs, Math.abs(totalMs - this.#totalMs));
    this.#totalMs = average(this.#totalMs, totalMs);
  }
}

function average(before: number, newest: number): number {
  return before + NEWEST_WEIGHT * (newest - before);
}

function isFar(a: number, b: number, margin: number): boolean {
  return Math.max(a, b) > Math.min(a, b) * HYSTERESIS_FACTOR + margin;
}
