// The blocks of all attempts on their way: asks each peer for as many as its window allows, takes them in, cancels what is no longer wanted. Owns the attempts and the
// windows; knows nothing of who should be asked for what.

import { type Attempt, type Fetch, hasBegun, newAttempt } from './attempt.ts';
import type { Clock } from './clock.ts';
import { copyBytes } from './copy-bytes.ts';
import { BLOCK_BYTES, type BlockRange } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';
import type { PieceStore } from './store.ts';

/** Requests under way to one peer in all; more than any client's queue takes is refused by it. */
const URGENT_WINDOW = 192;
/** Background attempts at once: a quarter of the slots, and no more than this. */
const MAX_BACKGROUND = 256;

export interface TransfersOwner {
  readonly clock: Clock;
  readonly store: PieceStore;
  /** Background pieces that have come and wait for their verdict: they have a slot as well. */
  readonly checking: number;
  /** Blocks that nobody waits for will come into this memory. */
  prepare(memory: Uint8Array): void;
  /** All blocks have come; their hash is not checked. The attempt is in no list any more, its slot is the owner's. */
  onWhole(attempt: Attempt, bytes: Uint8Array): void;
  /** An attempt ended without a piece. */
  onDropped(fetch: Fetch): void;
}

export class Transfers {
  readonly #owner: TransfersOwner;
  /** In the order in which they were begun. */
  readonly #background = new Set<Attempt>();

  constructor(owner: TransfersOwner) {
    this.#owner = owner;
  }

  /** There is room for one more background attempt at this peer. */
  mayBeginAt(peer: Peer): boolean {
    const slots = Math.max(2, Math.min(MAX_BACKGROUND, this.#owner.store.slots >> 2));
    return peer.backgroundInFlight < peer.window.blocks && this.#background.size + this.#owner.checking < slots;
  }

  /** @returns false when there is no slot to put the piece in. */
  begin(fetch: Fetch, peer: Peer, urgent: boolean): boolean {
    const { store, clock } = this.#owner;
    const slot = store.takeSlot() ?? (urgent ? this.#stealSlot() : undefined);
    if (slot === undefined) return false;
    const blocks = Math.ceil(store.pieceLength(fetch.piece) / BLOCK_BYTES);
    const attempt = newAttempt(fetch, peer, { slot, blocks, urgent, now: clock.now() });
    fetch.attempts.push(attempt);
    peer.attempts.set(fetch.piece, attempt);
    if (!urgent) {
      this.#background.add(attempt);
      this.#owner.prepare(store.slotBytes(slot, fetch.piece));
    }
    this.#send(attempt);
    return true;
  }

  /** Takes in a block. @returns false when it was not asked for (any more). */
  onBlock(peer: Peer, piece: number, begin: number, bytes: Uint8Array): boolean {
    const attempt = peer.attempts.get(piece);
    const block = begin / BLOCK_BYTES;
    if (attempt?.received[block] !== 0 || block >= attempt.next) return false;
    const target = this.#owner.store.slotBytes(attempt.slot, piece);
    if (bytes.length !== Math.min(BLOCK_BYTES, target.length - begin)) return false;
    copyBytes(bytes, target, begin);
    attempt.progressAt = this.#owner.clock.now();
    if (!hasBegun(attempt)) attempt.firstBlockAt = attempt.progressAt;
    attempt.received[block] = 1;
    attempt.left--;
    if (!attempt.urgent) peer.window.onBlock(attempt.progressAt);
    this.#countInFlight(attempt, -1);
    if (attempt.left > 0) return true;
    this.#detach(attempt);
    this.#owner.onWhole(attempt, target);
    return true;
  }

  /** The peer is to be asked for more. */
  isHungry(peer: Peer): boolean {
    return peer.urgentInFlight > 0 || peer.window.isLow(peer.backgroundInFlight);
  }

  /** Asks the peer for more of what was begun. */
  goOn(peer: Peer): void {
    for (const attempt of peer.attempts.values()) if (attempt.next < attempt.received.length) this.#send(attempt);
  }

  /** Somebody waits for it from now on. */
  makeUrgent(attempt: Attempt): void {
    if (attempt.urgent) return;
    this.#background.delete(attempt);
    attempt.peer.backgroundInFlight -= attempt.inFlight;
    attempt.peer.urgentInFlight += attempt.inFlight;
    attempt.urgent = true;
    this.#send(attempt);
  }

  /** Ends an attempt without a piece. @param tell Say so to the peer, as it may still be sending. */
  drop(attempt: Attempt, tell: boolean): void {
    if (tell) this.#cancelOutstanding(attempt);
    this.#detach(attempt);
    this.#owner.store.giveBack(attempt.slot);
    this.#owner.onDropped(attempt.fetch);
  }

  /** Takes an attempt out of all lists; its slot is the caller's. */
  #detach(attempt: Attempt): void {
    this.#countInFlight(attempt, -attempt.inFlight);
    this.#background.delete(attempt);
    attempt.peer.attempts.delete(attempt.fetch.piece);
    attempt.fetch.attempts.splice(attempt.fetch.attempts.indexOf(attempt), 1);
  }

  /** A read that is waited for takes the place of the youngest background transfer. */
  #stealSlot(): number | undefined {
    const youngest = [...this.#background].at(-1);
    if (!youngest) return undefined;
    this.drop(youngest, true);
    return this.#owner.store.takeSlot();
  }

  /** Asks for as many more blocks as the window of its class allows. */
  #send(attempt: Attempt): void {
    const { peer, urgent } = attempt;
    const room = urgent ? URGENT_WINDOW - peer.urgentInFlight : peer.window.blocks - peer.backgroundInFlight;
    const end = Math.min(attempt.received.length, attempt.next + Math.max(0, room));
    for (; attempt.next < end; attempt.next++) {
      peer.request(this.#rangeOf(attempt, attempt.next), urgent);
      this.#countInFlight(attempt, 1);
    }
  }

  #cancelOutstanding(attempt: Attempt): void {
    for (let block = 0; block < attempt.next; block++) {
      if (!attempt.received[block]) attempt.peer.wire.send({ kind: 'cancel', ...this.#rangeOf(attempt, block) });
    }
  }

  #rangeOf({ fetch: { piece } }: Attempt, block: number): BlockRange {
    const begin = block * BLOCK_BYTES;
    return { piece, begin, length: Math.min(BLOCK_BYTES, this.#owner.store.pieceLength(piece) - begin) };
  }

  #countInFlight(attempt: Attempt, change: number): void {
    attempt.inFlight += change;
    if (attempt.urgent) attempt.peer.urgentInFlight += change;
    else attempt.peer.backgroundInFlight += change;
  }
}
