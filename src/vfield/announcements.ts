// Telling peers what this node has, or will no longer have. With few peers at once; with many, what comes within some milliseconds goes out together, since a
// piece a millisecond to hundreds of peers would be hundreds of thousands of small writes.

import type { Clock, Timer } from './clock.ts';
import { encodeDontHave } from './peer/extension.ts';
import { encodeMessage } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';

/** Peers that are told at once. */
const FEW_PEERS = 64;
const GATHER_MS = 20;

export class Announcements {
  readonly #clock: Clock;
  readonly #peers: () => ReadonlyMap<string, Peer>;
  /** What is to be told: the last word on each piece. */
  readonly #news = new Map<number, boolean>();
  #timer: Timer;

  constructor(clock: Clock, peers: () => ReadonlyMap<string, Peer>) {
    this.#clock = clock;
    this.#peers = peers;
  }

  /** We have, or will no longer have, a piece. */
  tell(piece: number, have: boolean): void {
    this.#news.delete(piece);
    this.#news.set(piece, have);
    if (this.#peers().size <= FEW_PEERS) this.#send();
    else this.#timer ??= this.#clock.setTimeout(() => this.#send(), GATHER_MS);
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#news.clear();
  }

  #send(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    /** By the peer's number for dont-have: our own nodes all have the same. */
    const bytes = new Map<number | undefined, Uint8Array>();
    for (const peer of this.#peers().values()) {
      const number = peer.extensions.lt_donthave;
      if (!bytes.has(number)) bytes.set(number, this.#encode(number));
      peer.wire.sendBytes(bytes.get(number)!);
    }
    this.#news.clear();
  }

  #encode(dontHave: number | undefined): Uint8Array {
    const messages: Uint8Array[] = [];
    for (const [piece, have] of this.#news) {
      if (have) messages.push(encodeMessage({ kind: 'have', piece }));
      else if (dontHave !== undefined)
        messages.push(encodeMessage({ kind: 'extended', extension: dontHave, payload: encodeDontHave(piece) }));
    }
    return Buffer.concat(messages);
  }
}
