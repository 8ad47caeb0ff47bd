// The field as a block device: reads of any range, over pieces in RAM, on the own medium, or fetched now. A read waits for ever, and what it
// gives is verified.

import { type BlockSource, checkRange } from './block-source.ts';
import { copyBytes } from './copy-bytes.ts';
import type { Metainfo } from './metainfo.ts';
import type { Swarm } from './swarm.ts';

export class FieldSource implements BlockSource {
  readonly sizeBytes: number;
  /** Reads that are not answered yet. */
  waitingReads = 0;
  /** Reads so far, and those of them that were not answered out of RAM at once. */
  reads = 0;
  waited = 0;
  /** Bytes of reads that the own medium answered. */
  localBytes = 0;
  readonly #pieceBytes: number;
  readonly #swarm: Swarm;

  constructor(metainfo: Metainfo, swarm: Swarm) {
    this.sizeBytes = metainfo.lengthBytes;
    this.#pieceBytes = metainfo.pieceBytes;
    this.#swarm = swarm;
  }

  async read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    checkRange(this.sizeBytes, offsetBytes, lengthBytes);
    this.reads++;
    const target = Buffer.allocUnsafeSlow(lengthBytes);
    const missing: Promise<void>[] = [];
    const last = Math.floor((offsetBytes + lengthBytes - 1) / this.#pieceBytes);
    for (let piece = Math.floor(offsetBytes / this.#pieceBytes); piece <= last; piece++) {
      const start = piece * this.#pieceBytes;
      this.#swarm.reached(piece);
      const copy = (bytes: Uint8Array): void => copyOverlap(bytes, start, target, offsetBytes);
      const held = this.#swarm.held(piece);
      if (held) copy(held);
      else missing.push(this.#fetch(piece, copy, signal));
    }
    if (missing.length > 0) await this.#waitFor(missing);
    return target;
  }

  async #waitFor(missing: Promise<void>[]): Promise<void> {
    this.waited++;
    this.waitingReads++;
    try {
      await Promise.all(missing);
    } finally {
      this.waitingReads--;
    }
  }

  async #fetch(piece: number, copy: (bytes: Uint8Array) => void, signal: AbortSignal | undefined): Promise<void> {
    const local = this.#swarm.local?.has(piece) ? await this.#swarm.local.read(piece) : undefined;
    signal?.throwIfAborted();
    if (!local) return this.#demand(piece, copy, signal);
    this.localBytes += local.length;
    copy(local);
  }

  #demand(piece: number, copy: (bytes: Uint8Array) => void, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        forget();
        reject(signal?.reason);
      };
      const forget = this.#swarm.requests.demand(piece, (bytes) => {
        signal?.removeEventListener('abort', abort);
        copy(bytes);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

/** Copies the part of a piece that starts at `start` of the image into a read that starts at `offset`. */
function copyOverlap(piece: Uint8Array, start: number, target: Uint8Array, offset: number): void {
  const from = Math.max(start, offset);
  const to = Math.min(start + piece.length, offset + target.length);
  copyBytes(piece, target, from - offset, from - start, to - start);
}
