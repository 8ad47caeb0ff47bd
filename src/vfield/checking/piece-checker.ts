// Whether a piece that has come is what the metainfo says: the one question that decides if bytes are used. Asked here, or of a thread (threaded-checker.ts).

import type { Log } from '../../log.ts';
import { isPieceGood } from '../merkle.ts';

/** What is needed of the metainfo. */
export interface CheckedFile {
  readonly pieceHashes: Uint8Array;
  readonly pieceBytes: number;
  readonly lengthBytes: number;
}

export interface PieceChecker {
  /**
   * Calls `done` with the verdict, at once or in a later turn; never after `close`. A "no" is for the caller to confirm: it may be that nobody could say.
   * @param bytes A "no" that comes later may also be because they have moved.
   */
  check(piece: number, bytes: Uint8Array, done: (good: boolean) => void): void;
  /** A piece will come into this memory soon. Its content does not change. */
  prepare(memory: Uint8Array): void;
  close(): void;
}

export type MakeChecker = (file: CheckedFile, log: Log) => PieceChecker;

/** Checks at once, in the calling thread. */
export const checkHere: MakeChecker = (file) => ({
  check: (piece, bytes, done) => done(isPieceGood(file, piece, bytes)),
  prepare: () => {},
  close: () => {},
});
