// Memory for blocks on their way out: each is copied once, since its place in the store may be given to another piece before the socket is done with
// it. Buffers go round; without that, making and collecting them costs more than the copy. Owns the idle buffers.

import { BLOCK_BYTES, PIECE_HEAD_BYTES, writePiece } from './messages.ts';
import type { PeerWire } from './wire.ts';

/** Idle buffers kept: 4 MiB. */
const MAX_IDLE = 256;
const WHOLE_BYTES = PIECE_HEAD_BYTES + BLOCK_BYTES;

export class SendBuffers {
  readonly #idle: Uint8Array[] = [];

  /** Sends a `piece` message. @returns false when the connection is full until it drains. */
  send(wire: PeerWire, piece: number, begin: number, block: Uint8Array): boolean {
    const length = PIECE_HEAD_BYTES + block.length;
    if (length !== WHOLE_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(length);
      writePiece(bytes, piece, begin, block);
      return wire.sendBytes(bytes);
    }
    const bytes = this.#idle.pop() ?? Buffer.allocUnsafeSlow(WHOLE_BYTES);
    writePiece(bytes, piece, begin, block);
    return wire.sendBytes(bytes, () => {
      if (this.#idle.length < MAX_IDLE) this.#idle.push(bytes);
    });
  }
}
