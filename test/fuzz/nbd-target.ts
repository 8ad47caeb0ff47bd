// The NBD server over real streams: clients with damaged handshakes and requests, cut anywhere, while another client reads and must get the right bytes.

import { type Duplex, duplexPair } from 'node:stream';
import { silentLog } from '../../src/log.ts';
import { bytesSource } from '../../src/vfield/block-source.ts';
import { Command, NBD_OPTS_MAGIC, Option } from '../../src/vfield/nbd/protocol.ts';
import { type NbdExport, type NbdSession, serveNbd, serveNbdTransmission } from '../../src/vfield/nbd/server.ts';
import { encodeRequest, REPLY_HEAD_BYTES, REQUEST_BYTES } from '../../src/vfield/nbd/transmission.ts';
import { Writer } from '../../src/wire/cursor.ts';
import * as corpus from './corpus.ts';
import { joined, mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Subject, Target } from './target.ts';

const NAME = 'fuzz';
const EXPORT_BYTES = 300_000;
const CLIENTS_PER_ROUND = 8;
const MOST_REQUESTS = 24;
const MAGIC_BYTES = 4;
/** Turns of the event loop after which a server that does not read any more is believed to have paused for a client that does not read. */
const MOST_TURNS = 100;
/** Server's greeting and answer to EXPORT_NAME without zeros. */
const OPENING_BYTES = 18 + 10;

export const nbdTarget: Target = {
  thousands: 2500,
  open: async (random, note) => {
    const subject = new NbdSubject(random, note);
    await subject.open();
    return subject;
  },
};

/** The client's end of a conversation and the server's, and how many messages were sent. */
interface Client {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly messages: number;
}

class NbdSubject implements Subject {
  readonly #random: Random;
  readonly #note: (input: Uint8Array) => void;
  readonly #content: Uint8Array;
  readonly #exports: NbdExport[];
  readonly #starts = corpus.nbdStarts();
  readonly #requests = corpus.nbdRequests(EXPORT_BYTES);
  readonly #sessions = new Set<NbdSession>();
  #reader!: Duplex;
  #heard: Uint8Array[] = [];

  constructor(random: Random, note: (input: Uint8Array) => void) {
    this.#random = random;
    this.#note = note;
    this.#content = random.bytes(EXPORT_BYTES);
    this.#exports = [
      { name: NAME, description: 'fuzzed', source: bytesSource(this.#content) },
      { name: 'ähnlich', source: bytesSource(new Uint8Array(1)) },
    ];
  }

  async open(): Promise<void> {
    this.#reader = this.#connect((duplex) => serveNbd(this.#exports, duplex, { log: silentLog })).client;
    this.#reader.on('data', (chunk: Uint8Array) => this.#heard.push(chunk));
    const name = new TextEncoder().encode(NAME);
    this.#reader.write(
      new Writer().u32(3).u64(NBD_OPTS_MAGIC).u32(Option.exportName).u32(name.length).bytes(name).finish(),
    );
    await this.#heardBytes(OPENING_BYTES);
  }

  async feed(): Promise<number> {
    const clients: Client[] = [];
    for (let left = CLIENTS_PER_ROUND; left > 0; left--) {
      const isKernel = this.#random.chance(0.3);
      const ends = this.#connect((duplex) =>
        isKernel
          ? serveNbdTransmission(bytesSource(this.#content), duplex, { log: silentLog, adaptivePolling: false })
          : serveNbd(this.#exports, duplex, { log: silentLog }),
      );
      ends.client.on('error', () => {});
      if (this.#random.chance(0.9)) ends.client.resume();
      clients.push({ ...ends, messages: this.#talk(ends.client, isKernel) });
    }
    await taken(clients);
    await this.#readAndCompare();
    for (const { client } of clients) client.destroy();
    return clients.reduce((sum, { server, messages }) => sum + (isOver(server) ? 1 : messages), 0);
  }

  async rest(): Promise<void> {
    for (let left = 20; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
    if (this.#sessions.size > 1) throw new Error(`${this.#sessions.size - 1} connections are left behind`);
  }

  async close(): Promise<void> {
    await this.rest();
    await this.#readAndCompare();
    this.#reader.destroy();
  }

  #connect(serve: (duplex: Duplex) => NbdSession): { client: Duplex; server: Duplex } {
    const [client, server] = duplexPair();
    // A pair does not tell the other end of a reset, as a socket does.
    client.once('close', () => server.destroy());
    const session = serve(server);
    this.#sessions.add(session);
    session.closed.then(() => this.#sessions.delete(session));
    return { client, server };
  }

  /** One damaged conversation, cut anywhere. @returns How many messages it had. */
  #talk(client: Duplex, isKernel: boolean): number {
    const random = this.#random;
    const messages: Uint8Array[] = isKernel ? [] : [this.#maybeDamaged(random.pick(this.#starts), 0.5)];
    for (let left = random.below(MOST_REQUESTS); left > 0; left--) {
      const request = random.pick(this.#requests);
      messages.push(random.chance(0.9) ? this.#withFieldsDamaged(request) : this.#maybeDamaged(request, 0.5));
    }
    const stream = joined(...messages);
    this.#note(stream);
    for (let at = 0; at < stream.length && !client.destroyed; ) {
      const end = random.chance(0.5) ? stream.length : at + 1 + random.below(64);
      client.write(stream.subarray(at, end));
      at = end;
    }
    if (random.chance(0.1)) client.end();
    return Math.max(1, messages.length);
  }

  #maybeDamaged(message: Uint8Array, probability: number): Uint8Array {
    const random = this.#random;
    if (!random.chance(probability)) return message;
    return mutate(message, random, () => random.pick(random.chance(0.5) ? this.#requests : this.#starts));
  }

  /** Wrong content in a whole request, so that those behind it are still understood. */
  #withFieldsDamaged(request: Uint8Array): Uint8Array {
    if (this.#random.chance(0.5)) return request;
    const damaged = new Uint8Array(REQUEST_BYTES);
    damaged.set(
      this.#maybeDamaged(request.subarray(MAGIC_BYTES, REQUEST_BYTES), 1).subarray(0, REQUEST_BYTES - MAGIC_BYTES),
      MAGIC_BYTES,
    );
    damaged.set(request.subarray(0, MAGIC_BYTES));
    return damaged;
  }

  /** The well-behaved client, on its own connection. */
  async #readAndCompare(): Promise<void> {
    const offsetBytes = this.#random.below(EXPORT_BYTES);
    const lengthBytes = 1 + this.#random.below(Math.min(40_000, EXPORT_BYTES - offsetBytes));
    const asked = { flags: 0, command: Command.read, cookieHigh: 7, cookieLow: offsetBytes, offsetBytes, lengthBytes };
    this.#reader.write(encodeRequest(asked));
    const reply = await this.#heardBytes(REPLY_HEAD_BYTES + lengthBytes);
    const expected = this.#content.subarray(offsetBytes, offsetBytes + lengthBytes);
    if (reply.readUInt32BE(4) !== 0 || reply.readUInt32BE(12) !== offsetBytes)
      throw new Error('a good read is refused');
    if (Buffer.compare(reply.subarray(REPLY_HEAD_BYTES), expected) !== 0) throw new Error('wrong bytes');
  }

  async #heardBytes(count: number): Promise<Buffer> {
    while (this.#heard.reduce((sum, part) => sum + part.length, 0) < count) {
      if (this.#reader.destroyed) throw new Error('the good connection was closed');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const bytes = Buffer.concat(this.#heard);
    if (bytes.length !== count) throw new Error(`${bytes.length} bytes instead of ${count}`);
    this.#heard = [];
    return bytes;
  }
}

/** Resolves when the server has taken all that the clients sent, and had time to answer. */
async function taken(clients: readonly Client[]): Promise<void> {
  const isLeft = (): boolean => clients.some(({ client, server }) => !isOver(server) && client.writableLength > 0);
  for (let turn = 0; turn < 3 || (turn < MOST_TURNS && isLeft()); turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The server has ended the conversation: of what was sent behind the reason, nothing is looked at, so that it counts as one message. */
function isOver(server: Duplex): boolean {
  return server.destroyed || server.writableEnded;
}
