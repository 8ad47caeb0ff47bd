// Memory for blocks on their way out: each is copied once, since its place in the store may be given to another piece before the connection is done with
// it. A connection that copies by itself gets them as they are. For others, buffers go round; without that, making and collecting them costs more
// than the copy. Owns the idle buffers.

import { BLOCK_BYTES, PIECE_HEAD_BYTES, writePiece, writePieceHead } from './messages.ts';
import type { PeerWire } from './wire.ts';

/** Idle buffers kept: 4 MiB. */
const MAX_IDLE = 256;
const WHOLE_BYTES = PIECE_HEAD_BYTES + BLOCK_BYTES;

/** Of all fields of this process. */
const idle: Uint8Array[] = [];

export class SendBuffers {
  readonly #head = new Uint8Array(PIECE_HEAD_BYTES);

  /** Sends a `piece` message. @returns false when the connection is full until it drains. */
  send(wire: PeerWire, piece: number, begin: number, block: Uint8Array): boolean {
    if (wire.copies) {
      writePieceHead(this.#head, piece, begin, block.length);
      wire.sendBytes(this.#head);
      return wire.sendBytes(block);
    }
    const length = PIECE_HEAD_BYTES + block.length;
    if (length !== WHOLE_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(length);
      writePiece(bytes, piece, begin, block);
      return wire.sendBytes(bytes);
    }
    const bytes = idle.pop() ?? Buffer.allocUnsafeSlow(WHOLE_BYTES);
    writePiece(bytes, piece, begin, block);
    return wire.sendBytes(bytes, () => {
      if (idle.length < MAX_IDLE) idle.push(bytes);
    });
  }
}
