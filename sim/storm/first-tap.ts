// Watches what the first node is asked for and sends: a Transport around its own that counts the blocks of each piece on their way out, and whom each
// went to. Tells how many pieces left the first more than once, and who asked for them.

import { decodeUrgent, OwnExtension } from '../../src/vfield/peer/extension.ts';
import { HANDSHAKE_BYTES } from '../../src/vfield/peer/handshake.ts';
import { decodeMessage, type Message } from '../../src/vfield/peer/messages.ts';
import { PushDecoder } from '../../src/vfield/peer/push-decoder.ts';
import type { Duplex, DuplexOwner, Transport } from '../../src/vfield/transport.ts';

const PIECE_MESSAGE = 7;
const PIECE_HEAD_BYTES = 13;

/** One block asked of the first. */
export interface Asked {
  readonly atMs: number;
  readonly piece: number;
  readonly begin: number;
  readonly by: string;
  readonly urgent: boolean;
  /** Another node than the first and the one who asks had announced the piece. */
  readonly heldElsewhere: boolean;
}

export class FirstTap {
  /** Bytes of blocks sent, by piece. */
  readonly sent = new Map<number, number>();
  readonly asked: Asked[] = [];
  cancels = 0;
  readonly #now: () => number;
  /** Who has announced each piece to the first. */
  readonly #holders = new Map<number, Set<string>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  around(transport: Transport): Transport {
    return {
      listen: (address, accept) => transport.listen(address, this.#tapped(accept)),
      connect: (address, owner) => transport.connect(address, this.#tapped(owner)),
    };
  }

  #tapped(owner: DuplexOwner): DuplexOwner {
    return (duplex) => {
      const handlers = owner(this.#watchedEnd(duplex));
      const decoder = new PushDecoder((body) => this.#heard(decodeMessage(body), duplex.remoteAddress));
      let handshakeLeft = HANDSHAKE_BYTES;
      return {
        ...handlers,
        onData: (chunk) => {
          const start = Math.min(handshakeLeft, chunk.length);
          handshakeLeft -= start;
          decoder.push(chunk.subarray(start));
          handlers.onData(chunk);
        },
      };
    };
  }

  #watchedEnd(duplex: Duplex): Duplex {
    return {
      remoteAddress: duplex.remoteAddress,
      write: (bytes, sent) => {
        this.#said(bytes);
        return duplex.write(bytes, sent);
      },
      close: () => duplex.close(),
    };
  }

  #said(bytes: Uint8Array): void {
    if (bytes[4] !== PIECE_MESSAGE || bytes.length <= PIECE_HEAD_BYTES) return;
    const piece = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5);
    this.sent.set(piece, (this.sent.get(piece) ?? 0) + bytes.length - PIECE_HEAD_BYTES);
  }

  #heard(message: Message, by: string): void {
    const host = by.slice(0, by.lastIndexOf(':'));
    if (message.kind === 'cancel') this.cancels++;
    if (message.kind === 'have') this.#holdersOf(message.piece).add(host);
    const isUrgent = message.kind === 'extended' && message.extension === OwnExtension.viver_urgent;
    const range = message.kind === 'request' ? message : isUrgent ? decodeUrgent(message.payload) : undefined;
    if (!range) return;
    const { piece, begin } = range;
    const heldElsewhere = [...this.#holdersOf(piece)].some((holder) => holder !== host);
    this.asked.push({ atMs: this.#now(), piece, begin, by: host, urgent: isUrgent, heldElsewhere });
  }

  #holdersOf(piece: number): Set<string> {
    const known = this.#holders.get(piece);
    if (known) return known;
    const holders = new Set<string>();
    this.#holders.set(piece, holders);
    return holders;
  }
}
