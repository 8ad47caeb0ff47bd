// Whole pieces, from their last block to the verdict on their hash: those that somebody waits for are judged at once, the others by the checker, which may
// take a moment (checking/). A fetch has at most one such piece, and its slot belongs to nobody else meanwhile.

import type { Attempt, Fetch } from './attempt.ts';
import type { PieceChecker } from './checking/piece-checker.ts';
import type { PieceStore } from './store.ts';

export interface AcceptanceOwner {
  readonly store: PieceStore;
  readonly checker: PieceChecker;
  isGood(piece: number, bytes: Uint8Array): boolean;
  /** The piece may be used; the slot is the caller's. */
  onGood(attempt: Attempt, bytes: Uint8Array): void;
  onBad(attempt: Attempt): void;
}

export class Acceptance {
  readonly #owner: AcceptanceOwner;
  /** Pieces that the checker has. */
  #count = 0;

  constructor(owner: AcceptanceOwner) {
    this.#owner = owner;
  }

  /** Slots whose piece waits for its verdict. */
  get count(): number {
    return this.#count;
  }

  /** Judges a piece whose blocks have all come. */
  take(attempt: Attempt, bytes: Uint8Array): void {
    const { fetch, urgent } = attempt;
    if (fetch.checked) this.#owner.store.giveBack(attempt.slot);
    else if (urgent) this.#judge(attempt, false);
    else this.#ask(attempt, bytes);
  }

  /** Somebody waits for the piece now. */
  hurry({ checked }: Fetch): void {
    if (!checked) return;
    this.#forget(checked);
    this.#judge(checked, false);
  }

  #ask(attempt: Attempt, bytes: Uint8Array): void {
    const { fetch } = attempt;
    fetch.checked = attempt;
    this.#count++;
    this.#owner.checker.check(fetch.piece, bytes, (good) => {
      // It may have been judged already, and its slot used for another piece: the verdict is worth nothing then.
      if (fetch.checked !== attempt) return;
      this.#forget(attempt);
      this.#judge(attempt, good);
    });
  }

  #forget({ fetch }: Attempt): void {
    fetch.checked = undefined;
    this.#count--;
  }

  /** @param isKnownGood If not, it is checked here and now: nobody is called a liar on hearsay. */
  #judge(attempt: Attempt, isKnownGood: boolean): void {
    const { store, isGood, onGood, onBad } = this.#owner;
    const { piece } = attempt.fetch;
    const bytes = store.slotBytes(attempt.slot, piece);
    if (isKnownGood || isGood(piece, bytes)) onGood(attempt, bytes);
    else onBad(attempt);
  }
}
