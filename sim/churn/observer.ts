// Counts the copies of each piece that nodes announce: a peer that connects to every node, listens and asks for nothing. Speaks the real wire, so
// that it sees what the nodes see.

import { BitSet } from '../../src/vfield/bitset.ts';
import type { Clock } from '../../src/vfield/clock.ts';
import type { Metainfo } from '../../src/vfield/metainfo.ts';
import { decodeDontHave, encodeExtendedHandshake, OwnExtension } from '../../src/vfield/peer/extension.ts';
import { INFO_HASH_BYTES } from '../../src/vfield/peer/handshake.ts';
import type { Message } from '../../src/vfield/peer/messages.ts';
import { PeerWire } from '../../src/vfield/peer/wire.ts';
import type { Duplex, Transport } from '../../src/vfield/transport.ts';

export class Observer {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #metainfo: Metainfo;
  readonly #held = new Map<string, BitSet>();

  constructor(transport: Transport, clock: Clock, metainfo: Metainfo) {
    this.#transport = transport;
    this.#clock = clock;
    this.#metainfo = metainfo;
  }

  /** Listens to the node at this address until it goes. */
  watch(address: string): void {
    this.#transport.connect(address, (duplex) => this.#open(address, duplex)).catch(() => {});
  }

  /** The node is gone, whatever its connection says. */
  forget(address: string): void {
    this.#held.delete(address);
  }

  /** Copies of each piece now. */
  copies(): number[] {
    const copies: number[] = Array(this.#metainfo.pieceCount).fill(0);
    for (const held of this.#held.values()) for (const piece of held) copies[piece]!++;
    return copies;
  }

  #open(address: string, duplex: Duplex): PeerWire['handlers'] {
    const held = new BitSet(this.#metainfo.pieceCount);
    this.#held.set(address, held);
    const wire: PeerWire = new PeerWire(
      duplex,
      this.#clock,
      {
        onHandshake: () => {
          const payload = encodeExtendedHandshake({ extensions: OwnExtension });
          wire.send({ kind: 'extended', extension: 0, payload });
        },
        onMessage: (message) => hear(held, message),
        onDrain: () => {},
        onClose: () => {
          if (this.#held.get(address) === held) this.#held.delete(address);
        },
      },
      {
        infoHash: this.#metainfo.infoHashV2.subarray(0, INFO_HASH_BYTES),
        peerId: new TextEncoder().encode('-SIM000-the-observer'),
        extended: true,
        fast: true,
        version2: true,
      },
    );
    return wire.handlers;
  }
}

function hear(held: BitSet, message: Message): void {
  if (message.kind === 'have') held.add(message.piece);
  else if (message.kind === 'bitfield') held.load(message.bits);
  else if (message.kind === 'haveAll') held.fill();
  else if (message.kind === 'extended' && message.extension === OwnExtension.lt_donthave) {
    held.delete(decodeDontHave(message.payload));
  }
}
