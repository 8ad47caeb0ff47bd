// What this node gives to peers: who is served, and blocks out of RAM or from the own medium. Our own nodes are always served; foreign clients
// a few at a time.

import type { Clock } from './clock.ts';
import { Giving } from './giving.ts';
import type { LocalPieces } from './local-pieces.ts';
import { encodeLater } from './peer/extension.ts';
import { type BlockRange, MAX_REQUEST_BYTES } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';
import { SendBuffers } from './peer/send-buffers.ts';
import { Uploads } from './peer/uploads.ts';
import { Relays } from './relays.ts';
import type { PieceStore } from './store.ts';

/** Foreign clients served at once. */
const MAX_FOREIGN_SERVED = 8;

/** So long a member that has just come is not believed to know the others; they are told of each other within milliseconds. */
const NEW_MS = 300;

export interface ServingOptions {
  readonly clock: Clock;
  readonly store: PieceStore;
  readonly local: LocalPieces | undefined;
  readonly pieceCount: number;
  peers(): Iterable<Peer>;
  /** The room is no full mesh. */
  isLarge(): boolean;
  /** A connected member has the piece in RAM. */
  isHeldInRam(piece: number): boolean;
  /** A member that gets this piece now will announce it. */
  willAnnounce(peer: Peer, piece: number): boolean;
  /** Fetches a piece for another member. @returns Forgets it. */
  demand(piece: number, arrived: () => void): () => void;
}

export class Serving {
  readonly #options: ServingOptions;
  readonly #buffers = new SendBuffers();
  readonly #giving: Giving;
  readonly #relays: Relays;

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#giving = new Giving({
      now: () => options.clock.now(),
      willAnnounce: options.willAnnounce,
      comesOtherwise: (peer, piece, urgent) =>
        options.isHeldInRam(piece) && (options.isLarge() || (!urgent && this.#isNew(peer))),
    });
    this.#relays = new Relays(options.demand, (peer, range) => peer.uploads.add(range, true));
  }

  /** A new peer, not served yet. */
  attach(peer: Peer): void {
    peer.uploads = new Uploads({
      block: (range) => this.#block(range),
      sendBlock: (range, bytes) => {
        peer.bytesTo += bytes.length;
        return this.#buffers.send(peer.wire, range.piece, range.begin, bytes);
      },
      sendReject: (range) => reject(peer, range),
    });
  }

  onInterested(peer: Peer): void {
    peer.interested = true;
    this.#serveForeign(peer);
  }

  /** The peer turned out to be one of our nodes. */
  onMember(peer: Peer): void {
    unchoke(peer);
  }

  onGone(peer: Peer): void {
    peer.uploads.clear();
    this.#relays.onGone(peer);
    if (peer.choked || peer.member) return;
    for (const other of this.#options.peers()) if (other.interested) this.#serveForeign(other);
  }

  onRequest(peer: Peer, range: BlockRange, urgent: boolean): void {
    if (!this.#isInside(range)) {
      peer.wire.nonsense(`asks for ${range.length} bytes at ${range.begin} of piece ${range.piece}`);
    } else if (peer.choked) {
      reject(peer, range);
    } else if (urgent && peer.member && !this.#has(range.piece)) {
      if (!this.#relays.add(peer, range)) reject(peer, range);
    } else if (this.#mayWait(urgent) && this.#giving.isLater(peer, range.piece, urgent)) {
      peer.extend('viver_later', encodeLater(range.piece));
    } else {
      peer.uploads.add(range, urgent);
    }
  }

  onCancel(peer: Peer, range: BlockRange): void {
    peer.uploads.cancel(range);
    this.#relays.cancel(peer, range);
  }

  /**
   * A reader waits for a source only: its link is the one that all share, and the next holder is near. In a room that is no full mesh nobody waits for a member:
   * who is told "later" there would not hear of the next holder.
   */
  #mayWait(urgent: boolean): boolean {
    return this.#options.local !== undefined || !(urgent || this.#options.isLarge());
  }

  /** It has not met the others yet. */
  #isNew(peer: Peer): boolean {
    return this.#options.local !== undefined && this.#options.clock.now() - peer.openedAt < NEW_MS;
  }

  #has(piece: number): boolean {
    return this.#options.store.has(piece) || this.#options.local?.has(piece) === true;
  }

  #serveForeign(peer: Peer): void {
    if (!peer.choked || peer.member) return;
    const served = Array.from(this.#options.peers()).filter((other) => !other.choked && !other.member).length;
    if (served < MAX_FOREIGN_SERVED) unchoke(peer);
  }

  #isInside({ piece, begin, length }: BlockRange): boolean {
    if (piece >= this.#options.pieceCount || length === 0 || length > MAX_REQUEST_BYTES) return false;
    return begin + length <= this.#options.store.pieceLength(piece);
  }

  #block(range: BlockRange): Uint8Array | Promise<Uint8Array | undefined> | undefined {
    const cut = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
      bytes?.subarray(range.begin, range.begin + range.length);
    const held = this.#options.store.get(range.piece);
    if (held) return cut(held);
    const { local } = this.#options;
    return local?.has(range.piece) ? local.read(range.piece).then(cut) : undefined;
  }
}

function unchoke(peer: Peer): void {
  if (!peer.choked) return;
  peer.choked = false;
  peer.wire.send({ kind: 'unchoke' });
}

function reject(peer: Peer, range: BlockRange): void {
  if (peer.fast) peer.wire.send({ ...range, kind: 'reject' });
}
