// One connection to a peer as a stream of messages: handshake, decoding, keep-alive, silence. Knows nothing of pieces or policy.
// Who connects speaks first; who is connected to answers only after the other's handshake (Transmission leaves unread what comes before it).

import { errorLine, ViverError } from '../../errors.ts';
import { type Clock, repeat } from '../clock.ts';
import type { Duplex, DuplexHandlers } from '../transport.ts';
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES, type Handshake, mayBeHandshake } from './handshake.ts';
import { decodeMessage, encodeMessage, type Message } from './messages.ts';
import { PushDecoder } from './push-decoder.ts';

/** How long a peer may take for its handshake. */
export const HANDSHAKE_MS = 10_000;
/** How often we say that we are alive, and how long one of our nodes may say nothing before it counts as gone (power cut). */
export const KEEP_ALIVE_MS = 4_000;
export const MEMBER_SILENCE_MS = 12_000;
/** The same for foreign clients: BEP 3's two minutes and some. */
export const FOREIGN_SILENCE_MS = 150_000;

/** Bytes on their way to a peer that does not read. Blocks wait in its queue (uploads.ts); what piles up here is answers to other questions. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

export interface WireEvents {
  /** The other side's handshake. For accepted connections the owner greets back with `greet` or closes. */
  onHandshake(handshake: Handshake): void;
  onMessage(message: Message): void;
  onDrain(): void;
  /** The peer said what no peer may say; the connection is closed after this. */
  onNonsense?(reason: string): void;
  /** Once, whoever ended it. */
  onClose(reason: string): void;
}

export class PeerWire {
  readonly initiator: boolean;
  readonly remoteAddress: string;
  /** Set by the owner once the peer turns out to be one of our nodes. */
  silenceMs = FOREIGN_SILENCE_MS;
  readonly #duplex: Duplex;
  readonly #events: WireEvents;
  readonly #clock: Clock;
  readonly #decoder = new PushDecoder((body) => this.#take(body));
  readonly #stopTicking: () => void;
  #start = new Uint8Array(0);
  #open = false;
  #closed = false;
  #heardAt: number;
  /** Sent since the connection became full. */
  #unreadBytes = 0;

  /** @param greeting Our handshake, when we are the one who connected. */
  constructor(duplex: Duplex, clock: Clock, events: WireEvents, greeting?: Handshake) {
    this.initiator = greeting !== undefined;
    this.remoteAddress = duplex.remoteAddress;
    this.#duplex = duplex;
    this.#clock = clock;
    this.#events = events;
    this.#heardAt = clock.now();
    this.#stopTicking = repeat(clock, KEEP_ALIVE_MS, () => this.#tick());
    if (greeting) duplex.write(encodeHandshake(greeting));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What is sent is copied at once: its memory may be used again when `sendBytes` returns. */
  get copies(): boolean {
    return this.#duplex.copies === true;
  }

  /** How long the peer has said nothing. */
  get silentMs(): number {
    return this.#clock.now() - this.#heardAt;
  }

  get handlers(): DuplexHandlers {
    return {
      onData: (chunk) => this.#push(chunk),
      onDrain: () => {
        this.#unreadBytes = 0;
        this.#events.onDrain();
      },
      onClose: (reason) => this.#end(reason),
    };
  }

  /** Our handshake, as the answer to the other's. */
  greet(handshake: Handshake): void {
    this.sendBytes(encodeHandshake(handshake));
  }

  /** @returns false when bulk data should wait for `onDrain`. */
  send(message: Exclude<Message, { kind: 'unknown' }>): boolean {
    return this.sendBytes(encodeMessage(message));
  }

  /** @param sent Called when the memory of `bytes` may be used again. */
  sendBytes(bytes: Uint8Array, sent?: () => void): boolean {
    if (this.#closed || this.#duplex.write(bytes, sent)) return true;
    this.#unreadBytes += bytes.length;
    // Not now: the sender may be in the middle of a change.
    if (this.#unreadBytes > MAX_UNREAD_BYTES) queueMicrotask(() => this.close('does not read what it asks for'));
    return false;
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#duplex.close();
    this.#end(reason);
  }

  /** Ends the connection over something that no peer may say. */
  nonsense(reason: string): void {
    if (this.#closed) return;
    this.#events.onNonsense?.(reason);
    this.close(reason);
  }

  #push(chunk: Uint8Array): void {
    this.#heardAt = this.#clock.now();
    try {
      const rest = this.#open ? chunk : this.#handshake(chunk);
      if (rest.length > 0 && !this.#closed) this.#decoder.push(rest);
    } catch (error) {
      if (!(error instanceof ViverError)) throw error;
      this.nonsense(errorLine(error));
    }
  }

  /** @returns What follows the handshake in `chunk`. */
  #handshake(chunk: Uint8Array): Uint8Array {
    const wanted = HANDSHAKE_BYTES - this.#start.length;
    const start = new Uint8Array(Math.min(HANDSHAKE_BYTES, this.#start.length + chunk.length));
    start.set(this.#start);
    start.set(chunk.subarray(0, wanted), this.#start.length);
    this.#start = start;
    if (!mayBeHandshake(start)) throw new ViverError('PEER_HANDSHAKE', 'peer: encrypted or foreign start, closed');
    if (start.length < HANDSHAKE_BYTES) return chunk.subarray(chunk.length);
    this.#open = true;
    this.#events.onHandshake(decodeHandshake(start));
    return chunk.subarray(wanted);
  }

  #take(body: Uint8Array): void {
    if (!this.#closed) this.#events.onMessage(decodeMessage(body));
  }

  #tick(): void {
    const silence = this.silentMs;
    if (!this.#open && silence > HANDSHAKE_MS) {
      this.close('no handshake');
      return;
    }
    if (silence > this.silenceMs) {
      this.close(`silent for ${Math.round(silence / 1000)} s`);
      return;
    }
    if (this.#open) this.sendBytes(new Uint8Array(4));
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTicking();
    this.#events.onClose(reason);
  }
}
