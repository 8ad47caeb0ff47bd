// Joining by a magnet link while somebody on the way damages what the seed says: info dictionary and piece hashes must come through whole, or from
// the seed itself, and never wrong.

import { withReusedMemory } from '../../sim/network/reused-memory.ts';
import { Room } from '../../sim/room.ts';
import { silentLog } from '../../src/log.ts';
import { fetchMetainfo } from '../../src/vfield/fetch-metainfo.ts';
import type { Metainfo } from '../../src/vfield/metainfo.ts';
import { HANDSHAKE_BYTES } from '../../src/vfield/peer/handshake.ts';
import { PushDecoder } from '../../src/vfield/peer/push-decoder.ts';
import type { Duplex, DuplexHandlers } from '../../src/vfield/transport.ts';
import * as corpus from './corpus.ts';
import { type FuzzImage, fuzzImage } from './image.ts';
import { framed, mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Subject, Target } from './target.ts';

const SEED = '10.0.0.1';
const NODE = '10.0.0.2';
const BETWEEN = ['10.0.0.66', '10.0.0.67', '10.0.0.68', '10.0.0.69'];
/** The node hears of the seed itself only after so long. */
const SEED_KNOWN_MS = 1_500;
const LONGEST_MS = 30_000;

export const metainfoTarget: Target = {
  thousands: 200,
  open: async (random, note) => {
    // More than one part of metadata, more than one answer of hashes.
    const subject = new MetainfoSubject(await fuzzImage(900, 16_384), random, note);
    await subject.open();
    return subject;
  },
};

class MetainfoSubject implements Subject {
  readonly #room: Room;
  readonly #image: FuzzImage;
  readonly #random: Random;
  readonly #note: (input: Uint8Array) => void;
  readonly #bodies: Uint8Array[];
  #sent = 0;
  #failure: unknown;

  constructor(image: FuzzImage, random: Random, note: (input: Uint8Array) => void) {
    this.#room = new Room(image, { chunkSeed: random.u32() });
    this.#image = image;
    this.#random = random;
    this.#note = note;
    this.#bodies = corpus.messageBodies(image);
  }

  async open(): Promise<void> {
    await this.#room.openFirst(SEED, { log: silentLog, discovery: false });
    for (const host of BETWEEN) {
      await this.#room.network.transport(host).listen({ port: 6881 }, (duplex) => this.#relay(host, duplex));
    }
  }

  async feed(): Promise<number> {
    const before = this.#sent;
    let found: Metainfo | undefined;
    const { metainfo } = this.#image;
    fetchMetainfo({
      magnet: { infoHashV2: metainfo.infoHashV2, peers: [] },
      peers: BETWEEN.map((host) => `${host}:6881`),
      transport: withReusedMemory(this.#room.network.transport(NODE)),
      clock: this.#room.clock,
      log: silentLog,
      peerId: this.#random.bytes(20),
      onReady: (addPeer) => {
        this.#room.clock.setTimeout(() => addPeer(`${SEED}:6881`), SEED_KNOWN_MS);
      },
    }).then(
      (fetched) => {
        found = fetched;
      },
      (error: unknown) => {
        this.#failure = error;
      },
    );
    const isThere = await this.#room.clock.runUntil(
      () => found !== undefined || this.#failure !== undefined,
      LONGEST_MS,
    );
    if (this.#failure) throw this.#failure;
    if (!isThere) throw new Error('no metainfo although the seed is there');
    if (Buffer.compare(found!.pieceHashes, metainfo.pieceHashes) !== 0) throw new Error('wrong piece hashes');
    return Math.max(1, this.#sent - before);
  }

  rest(): Promise<void> {
    return this.#room.clock.run(LONGEST_MS);
  }

  async close(): Promise<void> {}

  /** Passes on what the node says to the seed, and damages some of the answers. */
  #relay(host: string, node: Duplex): DuplexHandlers {
    let seed: Duplex | undefined;
    const early: Uint8Array[] = [];
    const connecting = this.#room.network.transport(host).connect(`${SEED}:6881`, (duplex) => {
      seed = duplex;
      for (const bytes of early) duplex.write(bytes);
      return { onData: this.#damager(node), onDrain: () => {}, onClose: () => node.close() };
    });
    connecting.catch((error: unknown) => {
      this.#failure = error;
    });
    return {
      onData: (chunk) => {
        const bytes = new Uint8Array(chunk);
        if (seed) seed.write(bytes);
        else early.push(bytes);
      },
      onDrain: () => {},
      onClose: () => seed?.close(),
    };
  }

  #damager(node: Duplex): (chunk: Uint8Array) => void {
    const send = (bytes: Uint8Array): void => {
      this.#sent++;
      this.#note(bytes);
      node.write(bytes);
    };
    const decoder = new PushDecoder((body) => send(this.#passedOn(new Uint8Array(body))));
    let start = HANDSHAKE_BYTES;
    return (chunk) => {
      const head = chunk.subarray(0, start);
      start -= head.length;
      if (head.length > 0) send(new Uint8Array(head));
      if (head.length < chunk.length) decoder.push(chunk.subarray(head.length));
    };
  }

  #passedOn(body: Uint8Array): Uint8Array {
    const damaged = (bytes: Uint8Array): Uint8Array =>
      mutate(bytes, this.#random, () => this.#random.pick(this.#bodies));
    if (this.#random.chance(0.7)) return framed(body);
    return this.#random.chance(0.8) ? framed(damaged(body)) : damaged(framed(body));
  }
}
