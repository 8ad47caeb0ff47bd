// Records a boot trace: a layer over a source that notes which pieces are read for the first time. Owns the record. Reads cost one test of a bit
// for each piece; what the field fetches by itself does not come through here.

import { BitSet } from './bitset.ts';
import type { BlockSource } from './block-source.ts';
import { MAX_TRACE_PIECES } from './boot-trace.ts';
import { type Clock, systemClock } from './clock.ts';

/** A boot is over when no new piece was read for so long. */
const QUIET_MS = 60_000;
/** What is read later than this after the first read is somebody's work, not the boot. */
const MAX_RECORDING_MS = 600_000;

/** Why a recording ended: nothing new was read, its time was over, or it has as many pieces as a trace may have. */
export type RecordingEnd = 'quiet' | 'time' | 'full';

export class BootRecorder {
  readonly pieceCount: number;
  readonly #pieceBytes: number;
  readonly #clock: Clock;
  readonly #pieces: number[] = [];
  /** Given back when the recording ends. */
  #seen: BitSet | undefined;
  #end: RecordingEnd | undefined;
  #firstMs = 0;
  #lastMs = 0;

  constructor(image: { readonly pieceCount: number; readonly pieceBytes: number }, clock: Clock = systemClock) {
    this.pieceCount = image.pieceCount;
    this.#pieceBytes = image.pieceBytes;
    this.#clock = clock;
    this.#seen = new BitSet(image.pieceCount);
  }

  /** Pieces in the order of their first read. */
  get pieces(): readonly number[] {
    return this.#pieces;
  }

  /** Milliseconds from the first piece to the newest one. */
  get lengthMs(): number {
    return this.#lastMs - this.#firstMs;
  }

  /** Milliseconds since a new piece was read. */
  get quietMs(): number {
    return this.#clock.now() - this.#lastMs;
  }

  /** Undefined while it goes on. */
  get end(): RecordingEnd | undefined {
    this.#checkTime();
    return this.#end;
  }

  /** `source`, with its reads recorded. Of several sources all reads go into one record. */
  over(source: BlockSource): BlockSource {
    return {
      sizeBytes: source.sizeBytes,
      read: (offsetBytes, lengthBytes, signal) => {
        if (this.#seen) this.#note(offsetBytes, lengthBytes);
        return source.read(offsetBytes, lengthBytes, signal);
      },
    };
  }

  #note(offsetBytes: number, lengthBytes: number): void {
    const last = Math.min(this.pieceCount - 1, Math.floor((offsetBytes + lengthBytes - 1) / this.#pieceBytes));
    for (let piece = Math.floor(offsetBytes / this.#pieceBytes); piece <= last; piece++) {
      if (!this.#seen?.has(piece)) this.#noteNew(piece);
    }
  }

  #noteNew(piece: number): void {
    this.#checkTime();
    if (!this.#seen?.add(piece)) return;
    this.#lastMs = this.#clock.now();
    if (this.#pieces.push(piece) === 1) this.#firstMs = this.#lastMs;
    if (this.#pieces.length === MAX_TRACE_PIECES) this.#finish('full');
  }

  #checkTime(): void {
    if (this.#end || this.#pieces.length === 0) return;
    const now = this.#clock.now();
    if (now - this.#lastMs > QUIET_MS) this.#finish('quiet');
    else if (now - this.#firstMs > MAX_RECORDING_MS) this.#finish('time');
  }

  #finish(end: RecordingEnd): void {
    this.#end = end;
    this.#seen = undefined;
  }
}
