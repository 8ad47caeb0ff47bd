// What one peer has asked of us and has not got yet: urgent requests first, one block to the connection at a time, so that a read that somebody waits for
// overtakes the background (BEP 3: requests are queued here, not in the socket).

import type { BlockRange } from './messages.ts';

/** Requests that one peer may have waiting; we tell this number as `reqq`. */
export const MAX_QUEUED_REQUESTS = 1_024;
/** Blocks read from the medium at once for one peer. */
const MAX_READING = 4;

export interface UploadSide {
  /** The block as a view, a promise when it comes from the medium, undefined when we do not have it. */
  block(range: BlockRange): Uint8Array | Promise<Uint8Array | undefined> | undefined;
  /** @returns false when the connection is full until `drained`. */
  sendBlock(range: BlockRange, bytes: Uint8Array): boolean;
  sendReject(range: BlockRange): void;
}

export class Uploads {
  readonly #side: UploadSide;
  #urgent: BlockRange[] = [];
  #background: BlockRange[] = [];
  #full = false;
  #reading = 0;

  constructor(side: UploadSide) {
    this.#side = side;
  }

  get waiting(): number {
    return this.#urgent.length + this.#background.length;
  }

  add(range: BlockRange, urgent: boolean): void {
    if (this.waiting >= MAX_QUEUED_REQUESTS) {
      this.#side.sendReject(range);
      return;
    }
    if (urgent) this.#background = this.#background.filter((other) => !isSame(range, other));
    (urgent ? this.#urgent : this.#background).push(range);
    this.#pump();
  }

  cancel(range: BlockRange): void {
    this.#urgent = this.#urgent.filter((other) => !isSame(range, other));
    this.#background = this.#background.filter((other) => !isSame(range, other));
  }

  /** The peer was choked: all requests are forgotten, each with a reject. */
  rejectAll(): void {
    for (const range of [...this.#urgent, ...this.#background]) this.#side.sendReject(range);
    this.clear();
  }

  clear(): void {
    this.#urgent = [];
    this.#background = [];
  }

  drained(): void {
    this.#full = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#full && this.#reading < MAX_READING) {
      const range = this.#urgent.shift() ?? this.#background.shift();
      if (!range) return;
      const block = this.#side.block(range);
      if (block instanceof Promise) this.#sendLater(range, block);
      else this.#send(range, block);
    }
  }

  #sendLater(range: BlockRange, block: Promise<Uint8Array | undefined>): void {
    this.#reading++;
    block.then((bytes) => {
      this.#reading--;
      this.#send(range, bytes);
      this.#pump();
    });
  }

  #send(range: BlockRange, bytes: Uint8Array | undefined): void {
    if (!bytes) this.#side.sendReject(range);
    else if (!this.#side.sendBlock(range, bytes)) this.#full = true;
  }
}

function isSame(a: BlockRange, b: BlockRange): boolean {
  return a.piece === b.piece && a.begin === b.begin && a.length === b.length;
}
