// A web seed as a peer of the swarm: speaks the peer wire on one side, HTTP on the other. So requests, rating, overtaking and bans treat it as any other
// client that has the whole image; it never counts as a copy in RAM. Pieces are fetched whole, neighbours together; blocks are cut from them here.

import { errorLine } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { MetainfoCore } from '../metainfo.ts';
import { decodeUrgent, EXTENDED_HANDSHAKE, encodeExtendedHandshake, OwnExtension } from '../peer/extension.ts';
import type { BlockRange, Message } from '../peer/messages.ts';
import { PeerWire } from '../peer/wire.ts';
import type { Duplex, DuplexHandlers } from '../transport.ts';
import { type PieceRun, WantedPieces } from './wanted-pieces.ts';
import type { WebSource } from './web-source.ts';

/** One request has so many bytes at most, or one piece. */
const LONGEST_RUN_BYTES = 1024 * 1024;
/** HTTP requests at once; all but one are for pieces that somebody waits for. */
const MAX_RUNS = 3;

/** What was read is held until two more requests are done. */
const HELD_RUNS = 2;

export interface WebSeedPeerOptions {
  readonly source: WebSource;
  readonly metainfo: MetainfoCore;
  readonly clock: Clock;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The server failed in the middle; the connection is closed after it. */
  onFailure(error: unknown): void;
  onClose(): void;
}

export class WebSeedPeer {
  readonly #options: WebSeedPeerOptions;
  readonly #wire: PeerWire;
  readonly #wanted: WantedPieces;
  /** The newest runs: a piece longer than the asker's window is asked for in parts. */
  readonly #held: { run: PieceRun; bytes: Uint8Array }[] = [];
  #runs = 0;

  constructor(duplex: Duplex, options: WebSeedPeerOptions) {
    this.#options = options;
    const { pieceBytes } = options.metainfo;
    const isScript = options.source.seed.kind === 'script';
    this.#wanted = new WantedPieces(isScript ? 1 : Math.max(1, Math.floor(LONGEST_RUN_BYTES / pieceBytes)));
    this.#wire = new PeerWire(duplex, options.clock, {
      onHandshake: (handshake) => {
        const { infoHash, version2 } = handshake;
        this.#wire.greet({ infoHash, version2, peerId: options.peerId, extended: true, fast: true });
        this.#introduce();
      },
      onMessage: (message) => this.#onMessage(message),
      onDrain: () => {},
      onNonsense: () => {},
      onClose: () => options.onClose(),
    });
  }

  get handlers(): DuplexHandlers {
    return this.#wire.handlers;
  }

  #introduce(): void {
    const extensions = { viver_urgent: OwnExtension.viver_urgent };
    const payload = encodeExtendedHandshake({ extensions, client: 'web seed' });
    this.#wire.send({ kind: 'haveAll' });
    this.#wire.send({ kind: 'extended', extension: EXTENDED_HANDSHAKE, payload });
    this.#wire.send({ kind: 'unchoke' });
  }

  #onMessage(message: Message): void {
    if (message.kind === 'request') this.#want(message, false);
    else if (message.kind === 'cancel') this.#wanted.cancel(message);
    else if (message.kind === 'extended' && message.extension === OwnExtension.viver_urgent)
      this.#want(decodeUrgent(message.payload), true);
  }

  #want(range: BlockRange, urgent: boolean): void {
    const { piece } = range;
    const held = this.#held.find(({ run }) => piece >= run.piece && piece < run.piece + run.count);
    if (held) this.#send(range, held.run, held.bytes);
    else this.#wanted.add(range, urgent);
    // Neighbours are asked for in the same turn: looked at together after it.
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    while (!this.#wire.closed && this.#runs < MAX_RUNS) {
      const run = this.#wanted.begin(this.#runs > 0);
      if (!run) return;
      this.#runs++;
      this.#options.source.pieces(run.piece, run.count).then(
        (bytes) => this.#finish(run, bytes),
        (error: unknown) => this.#fail(error),
      );
    }
  }

  #finish(run: PieceRun, bytes: Uint8Array): void {
    this.#runs--;
    this.#held.push({ run, bytes });
    if (this.#held.length > HELD_RUNS) this.#held.shift();
    for (let piece = run.piece; piece < run.piece + run.count; piece++) {
      for (const range of this.#wanted.take(piece)) this.#send(range, run, bytes);
    }
    this.#pump();
  }

  #send({ piece, begin, length }: BlockRange, run: PieceRun, bytes: Uint8Array): void {
    const start = (piece - run.piece) * this.#options.metainfo.pieceBytes + begin;
    this.#wire.send({ kind: 'piece', piece, begin, bytes: bytes.subarray(start, start + length) });
  }

  #fail(error: unknown): void {
    if (this.#wire.closed) return;
    this.#options.onFailure(error);
    this.#wire.close(errorLine(error));
  }
}
