// A connection beyond the bound, until its extended handshake says whether it is worth a place. What it says before is kept for then.

import { decodeExtendedHandshake, EXTENDED_HANDSHAKE, type ExtendedHandshake } from './peer/extension.ts';
import type { Handshake } from './peer/handshake.ts';
import type { Message } from './peer/messages.ts';
import type { PeerWire } from './peer/wire.ts';

/** Messages kept: what it has, that it is interested, its extended handshake. */
const MAX_KEPT_MESSAGES = 8;

export class Guest {
  readonly wire: PeerWire;
  readonly handshake: Handshake;
  /** Everything that it has said. */
  readonly said: Message[] = [];

  constructor(wire: PeerWire, handshake: Handshake) {
    this.wire = wire;
    this.handshake = handshake;
  }

  /** @returns Its extended handshake when this is it. @throws ViverError when that cannot be read. */
  hear(message: Message): ExtendedHandshake | undefined {
    if (this.said.length >= MAX_KEPT_MESSAGES) this.wire.close('a guest that talks too much');
    else this.said.push(copyOf(message));
    if (message.kind !== 'extended' || message.extension !== EXTENDED_HANDSHAKE) return undefined;
    return decodeExtendedHandshake(message.payload);
  }
}

/** Messages point into memory that is used again. */
function copyOf(message: Message): Message {
  if (message.kind === 'bitfield') return { ...message, bits: message.bits.slice() };
  if (message.kind === 'extended') return { ...message, payload: message.payload.slice() };
  return message;
}
