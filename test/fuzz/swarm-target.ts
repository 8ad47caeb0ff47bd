// A room on a virtual clock: a seed, two diskless nodes that read all the time, and attackers at all three. Bytes read must be right, and every read must
// return while the seed is there.

import { withReusedMemory } from '../../sim/network/reused-memory.ts';
import { Room } from '../../sim/room.ts';
import { silentLog } from '../../src/log.ts';
import type { Field } from '../../src/vfield/field.ts';
import { type Arsenal, Attacker } from './attacker.ts';
import * as corpus from './corpus.ts';
import { type FuzzImage, fuzzImage, PIECE_BYTES } from './image.ts';
import type { Random } from './random.ts';
import type { Subject, Target } from './target.ts';

const SEED = '10.0.0.1';
const READERS = ['10.0.0.2', '10.0.0.3'];
const ATTACKERS = ['10.0.0.66', '10.0.0.67', '10.0.0.68', '10.0.0.69'];
const MESSAGES_PER_ROUND = 32;
const READS_PER_READER = 3;
const LONGEST_READ_BYTES = 100_000;
/** A read may go to two attackers that stall before it comes to the seed; longer is a stuck one. */
const LONGEST_READ_MS = 30_000;
/** So long attackers are away before the memory is looked at: all reads have returned, and all addresses failed. */
const REST_MS = LONGEST_READ_MS + 1_000;

export const swarmTarget: Target = {
  thousands: 2500,
  open: async (random, note) => {
    const image = await fuzzImage();
    const target = new SwarmSubject(image, {
      image,
      random,
      note,
      bodies: corpus.messagesByKind(image),
      handshakes: corpus.handshakes(image),
    });
    await target.open();
    return target;
  },
};

class SwarmSubject implements Subject {
  readonly #room: Room;
  readonly #arsenal: Arsenal;
  readonly #random: Random;
  readonly #readers: Field[] = [];
  readonly #fields: Field[] = [];
  readonly #attackers = new Map<string, Attacker>();
  /** When each read that has not returned was asked, in virtual time. */
  readonly #open = new Set<{ readonly at: number }>();
  #failure: Error | undefined;

  constructor(image: FuzzImage, arsenal: Arsenal) {
    this.#room = new Room(image, { chunkSeed: arsenal.random.u32(), bytesPerSecond: 117e6 });
    this.#arsenal = arsenal;
    this.#random = arsenal.random;
  }

  async open(): Promise<void> {
    const { network } = this.#room;
    const options = (host: string) => ({
      log: silentLog,
      transport: withReusedMemory(network.transport(host)),
      shareBytes: 24 * PIECE_BYTES,
    });
    this.#fields.push(await this.#room.openFirst(SEED, options(SEED)));
    for (const host of READERS)
      this.#readers.push(await this.#room.open(host, { ...options(host), peers: [`${SEED}:6881`] }));
    this.#fields.push(...this.#readers);
    for (const host of ATTACKERS)
      await network.transport(host).listen({ port: 6881 }, (duplex) => this.#attack(host, duplex));
  }

  async feed(): Promise<number> {
    await this.#connectAttackers();
    for (const reader of this.#readers) this.#read(reader);
    for (let left = MESSAGES_PER_ROUND; left > 0; left--) this.#attackers.get(this.#random.pick(ATTACKERS))?.send();
    await this.#room.clock.run(this.#random.pick([0.3, 1, 5, 5, 20]));
    this.#check();
    return this.#attackers.values().reduce((sum, attacker) => sum + attacker.takeCount(), 0);
  }

  async rest(): Promise<void> {
    for (const attacker of this.#attackers.values()) attacker.leave();
    await this.#room.clock.run(REST_MS);
    this.#check();
  }

  async close(): Promise<void> {
    await this.rest();
    for (const field of this.#fields) {
      if (!(await this.#room.readsAll(field))) throw new Error('a node does not give the whole image any more');
    }
    for (const field of this.#fields) await field.close();
  }

  /** Each attacker has one connection, made by itself or by a node that heard of its address. */
  async #connectAttackers(): Promise<void> {
    for (const host of ATTACKERS) {
      const current = this.#attackers.get(host);
      if (current && !current.closed && !this.#random.chance(0.002)) continue;
      current?.leave();
      const victim = this.#random.pick([SEED, ...READERS, ...READERS]);
      const connecting = this.#room.network
        .transport(host)
        .connect(`${victim}:6881`, (duplex) => this.#attack(host, duplex));
      connecting.catch((error: Error) => {
        this.#failure ??= error;
      });
    }
    await this.#room.clock.run(1);
  }

  #attack(host: string, duplex: ConstructorParameters<typeof Attacker>[0]) {
    this.#attackers.get(host)?.leave();
    const attacker = new Attacker(duplex, this.#arsenal);
    this.#attackers.set(host, attacker);
    return attacker.handlers;
  }

  #read(reader: Field): void {
    if (this.#open.size >= READS_PER_READER * this.#readers.length) return;
    const { bytes } = this.#room.image;
    const offset = this.#random.below(bytes.length);
    const length = Math.min(bytes.length - offset, 1 + this.#random.below(LONGEST_READ_BYTES));
    const read = { at: this.#room.clock.now() };
    this.#open.add(read);
    reader.source.read(offset, length).then((found) => {
      this.#open.delete(read);
      if (Buffer.compare(found, bytes.subarray(offset, offset + length)) === 0) return;
      this.#failure ??= new Error(`wrong bytes in a read of ${length} at ${offset}`);
    });
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
    for (const { at } of this.#open) {
      const waited = this.#room.clock.now() - at;
      if (waited > LONGEST_READ_MS) throw new Error(`a read waits for ${waited} ms although the seed is there`);
    }
  }
}
