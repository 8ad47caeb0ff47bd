// The twin of a storm without a field: N machines read the same boot from one server, over the same links. What a request costs the server's processor
// was measured on the real nbd-server and nginx (server-costs.ts); network block device and HTTP differ by that and by the bytes around an answer.

import type { BlockSource } from '../../src/vfield/block-source.ts';
import type { Clock } from '../../src/vfield/clock.ts';
import type { Duplex, DuplexHandlers, DuplexOwner, Transport } from '../../src/vfield/transport.ts';
import { Room } from '../room.ts';
import { boot, pause } from './boot.ts';
import type { ServerCosts } from './server-costs.ts';
import { hostName, type StormOptions } from './storm.ts';

export interface ServerStormResult {
  readonly bootMs: readonly number[];
  readonly sentBytes: number;
}

const SERVER = hostName(0);
const PORT = 10_809;
const BOOT_LIMIT_MS = 36_000_000;

export async function runServerStorm(options: StormOptions, costs: ServerCosts): Promise<ServerStormResult> {
  const { image, nodes, seed, staggerMs = 0, reads } = options;
  const room = new Room(image, { keepsLogs: false, ...options.network, cpuNsPerByte: 0, seed });
  const { clock, network } = room;
  const server = new ImageServer(clock, image.bytes, costs);
  await network.transport(SERVER).listen({ port: PORT }, server.accept);
  const bootMs: number[] = [];
  const switchOn = async (number: number): Promise<void> => {
    if (staggerMs > 0) await pause(clock, (number - 1) * staggerMs);
    const startedAt = clock.now();
    const source = await connectClient(network.transport(hostName(number)), image.bytes.length, costs);
    await boot(clock, source, reads, (bytes, offset) => room.isRight(bytes, offset));
    bootMs.push(clock.now() - startedAt);
  };
  for (let number = 1; number <= nodes; number++) void switchOn(number);
  if (!(await clock.runUntil(() => bootMs.length === nodes, BOOT_LIMIT_MS))) throw new Error('the server is too slow');
  return { bootMs, sentBytes: network.host(SERVER).sentBytes };
}

/** Answers requests in their order on each connection; the processors are shared by all. */
class ImageServer {
  readonly #clock: Clock;
  readonly #image: Uint8Array;
  readonly #costs: ServerCosts;
  readonly #coresFreeAt: number[];

  constructor(clock: Clock, image: Uint8Array, costs: ServerCosts) {
    this.#clock = clock;
    this.#image = image;
    this.#costs = costs;
    this.#coresFreeAt = Array(costs.cores).fill(0);
  }

  readonly accept = (duplex: Duplex): DuplexHandlers => {
    const requests = new Frames(this.#costs.requestBytes, (frame) => this.#answer(duplex, frame));
    return { onData: (chunk) => requests.push(chunk), onDrain: () => {}, onClose: () => {} };
  };

  #answer(duplex: Duplex, frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset);
    const [offset, length] = [view.getFloat64(0), view.getUint32(8)];
    this.#clock.setTimeout(() => {
      duplex.write(new Uint8Array(this.#costs.answerBytes));
      duplex.write(this.#image.subarray(offset, offset + length));
    }, this.#workMs(length));
  }

  /** The first free core takes the request. @returns How long from now until it is done. */
  #workMs(length: number): number {
    const { usPerRequest, nsPerByte } = this.#costs;
    const now = this.#clock.now();
    const core = this.#coresFreeAt.indexOf(Math.min(...this.#coresFreeAt));
    const doneAt = Math.max(now, this.#coresFreeAt[core]!) + usPerRequest / 1e3 + (length * nsPerByte) / 1e6;
    this.#coresFreeAt[core] = doneAt;
    return doneAt - now;
  }
}

/** A machine's disk on the server, over one connection. */
async function connectClient(transport: Transport, sizeBytes: number, costs: ServerCosts): Promise<BlockSource> {
  const client = new Client(sizeBytes, costs);
  await transport.connect(`${SERVER}:${PORT}`, client.own);
  return client;
}

class Client implements BlockSource {
  readonly sizeBytes: number;
  readonly #costs: ServerCosts;
  readonly #waiting: { left: Uint8Array; at: number; skip: number; done: (bytes: Uint8Array) => void }[] = [];
  #duplex!: Duplex;

  constructor(sizeBytes: number, costs: ServerCosts) {
    this.sizeBytes = sizeBytes;
    this.#costs = costs;
  }

  readonly own: DuplexOwner = (duplex) => {
    this.#duplex = duplex;
    return { onData: (chunk) => this.#take(chunk), onDrain: () => {}, onClose: () => {} };
  };

  read(offset: number, length: number): Promise<Uint8Array> {
    const frame = new Uint8Array(this.#costs.requestBytes);
    const view = new DataView(frame.buffer);
    view.setFloat64(0, offset);
    view.setUint32(8, length);
    this.#duplex.write(frame);
    return new Promise((done) => {
      this.#waiting.push({ left: new Uint8Array(length), at: 0, skip: this.#costs.answerBytes, done });
    });
  }

  #take(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0; ) {
      const first = this.#waiting[0]!;
      const skipped = Math.min(first.skip, rest.length);
      first.skip -= skipped;
      const part = rest.subarray(skipped, skipped + first.left.length - first.at);
      first.left.set(part, first.at);
      first.at += part.length;
      rest = rest.subarray(skipped + part.length);
      if (first.skip > 0 || first.at < first.left.length) return;
      this.#waiting.shift();
      first.done(first.left);
    }
  }
}

/** Cuts a stream into pieces of one length. */
class Frames {
  readonly #frame: Uint8Array;
  readonly #onFrame: (frame: Uint8Array) => void;
  #held = 0;

  constructor(length: number, onFrame: (frame: Uint8Array) => void) {
    this.#frame = new Uint8Array(length);
    this.#onFrame = onFrame;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + this.#frame.length - this.#held);
      this.#frame.set(part, this.#held);
      this.#held += part.length;
      at += part.length;
      if (this.#held < this.#frame.length) return;
      this.#held = 0;
      this.#onFrame(this.#frame);
    }
  }
}
