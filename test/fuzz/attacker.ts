// A peer that speaks the wire, answers requests with the right bytes now and then, and in between sends damaged messages of every kind: whole ones with wrong
// content, which keep the stream in step, and damaged streams.

import { encodeExtendedHandshake, OwnExtension } from '../../src/vfield/peer/extension.ts';
import { encodeHandshake, HANDSHAKE_BYTES } from '../../src/vfield/peer/handshake.ts';
import { type BlockRange, decodeMessage, encodeMessage } from '../../src/vfield/peer/messages.ts';
import { PushDecoder } from '../../src/vfield/peer/push-decoder.ts';
import type { Duplex, DuplexHandlers } from '../../src/vfield/transport.ts';
import type { FuzzImage } from './image.ts';
import { framed, mutate, mutateInPlace } from './mutate.ts';
import type { Random } from './random.ts';

/** What all attackers of one run share. */
export interface Arsenal {
  readonly image: FuzzImage;
  readonly random: Random;
  /** Valid messages without their length fields, in groups. */
  readonly bodies: readonly (readonly Uint8Array[])[];
  readonly handshakes: readonly Uint8Array[];
  /** Told of all that is sent. */
  note(input: Uint8Array): void;
}

/** Requests remembered for an answer. */
const MAX_ASKED = 64;

export class Attacker {
  closed = false;
  readonly #arsenal: Arsenal;
  readonly #duplex: Duplex;
  readonly #decoder = new PushDecoder((body) => this.#hear(body));
  readonly #peerId: Uint8Array;
  readonly #asked: BlockRange[] = [];
  #toSkip = HANDSHAKE_BYTES;
  #sent = 0;

  constructor(duplex: Duplex, arsenal: Arsenal) {
    this.#duplex = duplex;
    this.#arsenal = arsenal;
    this.#peerId = arsenal.random.bytes(20);
    this.#introduce();
  }

  get handlers(): DuplexHandlers {
    return {
      onData: (chunk) => this.#push(chunk),
      onDrain: () => {},
      onClose: () => {
        this.closed = true;
      },
    };
  }

  /** Sends one message, an answer if one is owed. */
  send(): void {
    if (this.closed) return;
    this.#sent++;
    const { random } = this.#arsenal;
    const body = (random.chance(0.2) ? this.#answer() : undefined) ?? random.pick(random.pick(this.#arsenal.bodies));
    if (random.chance(0.4)) this.#write(framed(body));
    else if (random.chance(0.75)) this.#write(framed(mutateInPlace(body, random)));
    else if (random.chance(0.8)) this.#write(framed(this.#damaged(body)));
    else this.#write(this.#damaged(framed(body)));
  }

  /** How many messages have surely been looked at since the last call: of those behind which the connection was closed, one. */
  takeCount(): number {
    const count = this.closed ? Math.min(1, this.#sent) : this.#sent;
    this.#sent = 0;
    return count;
  }

  leave(): void {
    this.closed = true;
    this.#duplex.close();
  }

  #introduce(): void {
    const { random, image } = this.#arsenal;
    const peerId = this.#peerId;
    const good = {
      infoHash: image.metainfo.infoHashV1,
      peerId,
      extended: true,
      fast: random.chance(0.8),
      version2: true,
    };
    if (random.chance(0.1)) this.#write(this.#damaged(random.pick(this.#arsenal.handshakes)));
    else this.#write(encodeHandshake(good));
    if (random.chance(0.5)) this.#write(encodeMessage({ kind: 'haveAll' }));
    if (random.chance(0.5)) this.#write(encodeMessage({ kind: 'extended', extension: 0, payload: this.#hello() }));
    if (random.chance(0.8)) this.#write(encodeMessage({ kind: 'unchoke' }));
  }

  #hello(): Uint8Array {
    const { random } = this.#arsenal;
    const share = random.pick([0, 1, 400_000, 4_000_000, Number.MAX_SAFE_INTEGER]);
    const kind = random.pick(['ram', 'medium'] as const);
    const member = { member: { id: this.#peerId.toHex(), shareBytes: share, kind } };
    const port = { port: 1 + random.below(65_535) };
    return encodeExtendedHandshake({ extensions: OwnExtension, ...port, ...(random.chance(0.3) ? member : {}) });
  }

  /** The right bytes for the oldest request. */
  #answer(): Uint8Array | undefined {
    const range = this.#asked.shift();
    if (!range) return undefined;
    const { image } = this.#arsenal;
    const start = range.piece * image.metainfo.pieceBytes + range.begin;
    const bytes = image.bytes.subarray(start, start + range.length);
    return encodeMessage({ kind: 'piece', piece: range.piece, begin: range.begin, bytes }).subarray(4);
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    const { random, bodies } = this.#arsenal;
    return mutate(bytes, random, () => random.pick(random.pick(bodies)));
  }

  #write(bytes: Uint8Array): void {
    this.#arsenal.note(bytes);
    this.#duplex.write(bytes);
  }

  #push(chunk: Uint8Array): void {
    const skipped = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= skipped;
    if (skipped < chunk.length) this.#decoder.push(chunk.subarray(skipped));
  }

  /** What a node says must always be readable. */
  #hear(body: Uint8Array): void {
    const message = decodeMessage(body);
    if (message.kind === 'request' && this.#asked.length < MAX_ASKED) this.#asked.push(message);
    if (message.kind !== 'extended' || message.extension !== OwnExtension.viver_urgent) return;
    const [piece, begin, length] = [0, 4, 8].map((at) =>
      new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(at),
    );
    if (this.#asked.length < MAX_ASKED) this.#asked.push({ piece: piece!, begin: begin!, length: length! });
  }
}
