// The image's boot trace as this node knows it: out of its metainfo, or from a member, since what a magnet link leads to brings none. Owns the trace, who
// offers one, and who was asked. A wrong trace costs speed only, so the first good one is taken; nobody is left for a bad one.

import { errorLine, ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import { decodeBootTrace, encodeBootTrace } from './boot-trace.ts';
import type { Clock } from './clock.ts';
import type { Metainfo } from './metainfo.ts';
import type { Peer } from './peer/peer.ts';

/** A member that has not answered for so long is asked no more; the next one is. Its answer is taken even then. */
const PATIENCE_MS = 3_000;

export interface TraceExchangeOptions {
  readonly metainfo: Metainfo;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once, when the trace has come from a member. */
  onKnown(): void;
}

export class TraceExchange {
  readonly #options: TraceExchangeOptions;
  #pieces: readonly number[];
  #set: ReadonlySet<number> | undefined;
  #encoded: Uint8Array | undefined;
  /** Members that offer a trace and were not asked yet. */
  readonly #offers = new Set<Peer>();
  readonly #asked = new WeakSet<Peer>();
  /** Peers that got the trace: once for each connection. */
  readonly #answered = new WeakSet<Peer>();
  #asking: { peer: Peer; untilMs: number } | undefined;

  constructor(options: TraceExchangeOptions) {
    this.#options = options;
    const { metainfo, log } = options;
    this.#pieces = metainfo.bootTrace ?? [];
    if (metainfo.bootTrace) this.#encoded = encodeBootTrace(metainfo.bootTrace, metainfo.pieceCount);
    if (metainfo.bootTraceRefusal !== undefined) log.warn(`passed over: ${metainfo.bootTraceRefusal}`);
  }

  /** Pieces in the order in which a boot first reads them; empty while no trace is known. */
  get pieces(): readonly number[] {
    return this.#pieces;
  }

  /** The same, for looking up; undefined while no trace is known. */
  get set(): ReadonlySet<number> | undefined {
    if (this.#set?.size !== this.#pieces.length) this.#set = new Set(this.#pieces);
    return this.#pieces.length > 0 ? this.#set : undefined;
  }

  /** Bytes of the trace that members can have from here; undefined when there is none. */
  get offeredBytes(): number | undefined {
    return this.#encoded?.length;
  }

  /** A member has said who it is. */
  onMember(peer: Peer): void {
    if (!peer.member?.traceBytes || this.#encoded || this.#asked.has(peer)) return;
    this.#offers.add(peer);
    this.#askNext();
  }

  /** A `viver_trace` message: without a payload it asks, with one it answers. */
  onMessage(peer: Peer, payload: Uint8Array): void {
    if (payload.length === 0) this.#answer(peer);
    else if (!this.#encoded && this.#asked.has(peer)) this.#take(peer, payload);
  }

  onGone(peer: Peer): void {
    this.#offers.delete(peer);
    if (this.#asking?.peer === peer) this.#giveUp();
  }

  tick(): void {
    if (this.#asking && this.#options.clock.now() >= this.#asking.untilMs) this.#giveUp();
  }

  #answer(peer: Peer): void {
    if (!this.#encoded || this.#answered.has(peer)) return;
    this.#answered.add(peer);
    peer.extend('viver_trace', this.#encoded);
  }

  #take(peer: Peer, payload: Uint8Array): void {
    const { metainfo, log, onKnown } = this.#options;
    try {
      this.#pieces = decodeBootTrace(payload, metainfo.pieceCount);
    } catch (error) {
      if (!(error instanceof ViverError)) throw error;
      log.warn(`${peer.address}: ${errorLine(error)}`);
      if (this.#asking?.peer === peer) this.#giveUp();
      return;
    }
    this.#encoded = new Uint8Array(payload);
    this.#asking = undefined;
    this.#offers.clear();
    log.info(`boot trace of ${this.#pieces.length} pieces came from ${peer.address}`);
    onKnown();
  }

  #giveUp(): void {
    this.#asking = undefined;
    this.#askNext();
  }

  #askNext(): void {
    if (this.#asking || this.#encoded) return;
    for (const peer of this.#offers) {
      this.#offers.delete(peer);
      this.#asked.add(peer);
      if (!peer.extend('viver_trace', new Uint8Array(0))) continue;
      this.#asking = { peer, untilMs: this.#options.clock.now() + PATIENCE_MS };
      return;
    }
  }
}
