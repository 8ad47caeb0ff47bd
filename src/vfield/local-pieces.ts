// Pieces from this node's own medium (stick, disk): read whole, verified each time they are read, and held a moment, since a peer asks for the eight
// blocks of a piece one after the other. Memory: at most 32 pieces (4 MiB), beside the share.

import { errorLine } from '../errors.ts';
import type { Log } from '../log.ts';
import { BitSet } from './bitset.ts';
import type { BlockSource } from './block-source.ts';
import { isPieceGood } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';

const HELD_PIECES = 32;

export class LocalPieces {
  /** Pieces that the medium can't give: unreadable or with wrong content. */
  readonly bad: BitSet;
  readonly #source: BlockSource;
  readonly #metainfo: Metainfo;
  readonly #log: Log;
  readonly #onBad: (piece: number) => void;
  readonly #held = new Map<number, Promise<Uint8Array | undefined>>();

  /** @param onBad Called once for each piece that the medium turns out not to have. */
  constructor(source: BlockSource, metainfo: Metainfo, log: Log, onBad: (piece: number) => void) {
    this.#source = source;
    this.#metainfo = metainfo;
    this.#log = log;
    this.#onBad = onBad;
    this.bad = new BitSet(metainfo.pieceCount);
  }

  has(piece: number): boolean {
    return !this.bad.has(piece);
  }

  /** The verified bytes of a piece, a view that must not be changed; undefined when the medium can't give it. */
  read(piece: number): Promise<Uint8Array | undefined> {
    const held = this.#held.get(piece);
    if (held) return held;
    const reading = this.#load(piece);
    this.#held.set(piece, reading);
    if (this.#held.size > HELD_PIECES) this.#held.delete(this.#held.keys().next().value!);
    return reading;
  }

  async #load(piece: number): Promise<Uint8Array | undefined> {
    const { pieceBytes, lengthBytes } = this.#metainfo;
    const start = piece * pieceBytes;
    try {
      const bytes = await this.#source.read(start, Math.min(pieceBytes, lengthBytes - start));
      if (isPieceGood(this.#metainfo, piece, bytes)) return bytes;
      this.#refuse(piece, 'its content has another hash than the image');
    } catch (error) {
      this.#refuse(piece, errorLine(error));
    }
    return undefined;
  }

  #refuse(piece: number, reason: string): void {
    if (!this.bad.add(piece)) return;
    this.#log.warn(`piece ${piece} of the own medium is not used: ${reason}`);
    this.#onBad(piece);
  }
}
