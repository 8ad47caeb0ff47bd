// One host's network card and processor. The card sends for all connections of the host in turn, a segment each, and takes in one after the other;
// both directions are as fast as the link. Owns when each of them is free again; an arrival is reckoned, not queued, so that a segment costs two events.

import type { Medium } from './medium.ts';
import type { Stream } from './stream.ts';

/** Payload of a packet, and what Ethernet, IP and TCP with timestamps add to it: 24 + 14 + 20 + 32 bytes. */
export const PACKET_BYTES = 1_448;
const PACKET_OVERHEAD_BYTES = 90;

export interface HostOptions {
  /** Of the link, overhead included, each way. Default 1 Gbit/s. */
  readonly bytesPerSecond?: number;
  /** What the processor needs for a received byte: reading, decoding, hashing, storing. Default 0. */
  readonly cpuNsPerByte?: number;
  /** What it needs for a segment besides, in ms: a slow machine. Default 0. */
  readonly cpuMsPerSegment?: number;
}

const GIGABIT_BYTES = 125e6;

export class Host {
  readonly name: string;
  options: HostOptions;
  /** Bytes of connections, without overhead. */
  sentBytes = 0;
  receivedBytes = 0;
  readonly #medium: Medium;
  /** Streams with something to send, the one whose turn it is first. */
  #ready: Stream[] = [];
  #sendFreeAt = 0;
  #receiveFreeAt = 0;
  #cpuFreeAt = 0;
  #awake = false;

  constructor(name: string, medium: Medium, options: HostOptions = {}) {
    this.name = name;
    this.#medium = medium;
    this.options = options;
  }

  /** The stream has something to send; it must not be waiting for its turn already. */
  queue(stream: Stream): void {
    this.#ready.push(stream);
    if (this.#awake) return;
    this.#awake = true;
    // What one turn of the event loop writes leaves together.
    queueMicrotask(() => this.#send());
  }

  /** When a segment whose first bit comes in at `firstAt` and whose last not before `lastAt` has been taken in and worked through. */
  receive(firstAt: number, lastAt: number, bytes: number): number {
    const { cpuNsPerByte = 0, cpuMsPerSegment = 0 } = this.options;
    this.receivedBytes += bytes;
    this.#receiveFreeAt = Math.max(lastAt, Math.max(firstAt, this.#receiveFreeAt) + this.#lineMs(bytes));
    this.#cpuFreeAt = Math.max(this.#receiveFreeAt, this.#cpuFreeAt) + cpuMsPerSegment + (bytes * cpuNsPerByte) / 1e6;
    return this.#cpuFreeAt;
  }

  powerOff(): void {
    this.#ready = [];
  }

  readonly #send = (): void => {
    const now = this.#medium.clock.now();
    while (this.#sendFreeAt <= now) {
      const stream = this.#ready.shift();
      if (!stream) {
        this.#awake = false;
        return;
      }
      this.#sendSegment(stream, now);
    }
    this.#awake = this.#ready.length > 0;
    if (this.#awake) this.#medium.clock.setTimeout(this.#send, this.#sendFreeAt - now);
  };

  #sendSegment(stream: Stream, now: number): void {
    const bytes = stream.take();
    this.sentBytes += bytes;
    this.#sendFreeAt = now + this.#lineMs(bytes);
    stream.depart(bytes, now, this.#sendFreeAt);
    if (stream.wantsTurn()) this.#ready.push(stream);
  }

  #lineMs(bytes: number): number {
    const packets = Math.ceil(bytes / PACKET_BYTES);
    return ((bytes + packets * PACKET_OVERHEAD_BYTES) * 1000) / (this.options.bytesPerSecond ?? GIGABIT_BYTES);
  }
}
