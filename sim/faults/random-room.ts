// A room in which nodes are killed and come back at random, replayed from its seed: five hosts, one of them with the image on its medium, each reading at
// random places all the time. What is counted: reads, wrong answers, reads still waiting though everybody has been back for 30 s.

import type { Field } from '../../src/vfield/field.ts';
import { mix } from '../../src/vfield/placement.ts';
import { makeImage } from '../image.ts';
import { Room } from '../room.ts';

const PIECES = 64;
const STEPS = 40;
const HOSTS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
const FIRST = HOSTS[0];
const SHARE = 0.6;
const LONGEST_READ = 300_000;

export interface RandomRoomResult {
  readonly reads: number;
  readonly wrong: number;
  readonly stuck: number;
}

export async function randomRoom(seed: number): Promise<RandomRoomResult> {
  const run = new RandomRoom(seed, await makeImage(PIECES));
  for (const host of HOSTS) await run.powerOn(host);
  for (let step = 0; step < STEPS; step++) await run.step(step);
  for (const host of HOSTS) await run.powerOn(host);
  return await run.finish();
}

class RandomRoom {
  readonly #seed: number;
  readonly #room: Room;
  readonly #nodes = new Map<string, Field>();
  /** Reads without an answer, and the host that asked. */
  readonly #open = new Map<number, string>();
  #reads = 0;
  #wrong = 0;

  constructor(seed: number, image: Awaited<ReturnType<typeof makeImage>>) {
    this.#seed = seed;
    this.#room = new Room(image, { seed: seed * 1000, chunkSeed: seed, latencyMs: 0.1 + (seed % 5) });
  }

  async step(step: number): Promise<void> {
    const chance = mix(step, this.#seed + 2) % 100;
    const host = HOSTS[mix(step, this.#seed + 3) % HOSTS.length]!;
    if (chance < 15) await this.#powerOff(host, chance < 8 ? 'reset' : 'silence');
    else if (chance < 40) await this.powerOn(host);
    for (const [name, field] of this.#nodes) this.#read(name, field);
    await this.#room.clock.run(20 + (mix(step, this.#seed + 4) % 400));
  }

  async powerOn(host: string): Promise<void> {
    if (this.#nodes.has(host)) return;
    this.#room.network.powerOn(host);
    const peers = HOSTS.map((other) => `${other}:6881`);
    const isFirst = host === FIRST;
    const field = isFirst
      ? await this.#room.openFirst(host, { peers })
      : await this.#room.open(host, { share: SHARE, peers });
    this.#nodes.set(host, field);
  }

  async finish(): Promise<RandomRoomResult> {
    await this.#room.clock.runUntil(() => this.#open.size === 0, 30_000);
    for (const field of this.#nodes.values()) if (!(await this.#room.readsAll(field))) this.#wrong++;
    return { reads: this.#reads, wrong: this.#wrong, stuck: this.#open.size };
  }

  /** The network goes first, so that no goodbye gets out. */
  async #powerOff(host: string, end: 'reset' | 'silence'): Promise<void> {
    const node = this.#nodes.get(host);
    if (!node) return;
    this.#nodes.delete(host);
    this.#room.network.powerOff(host, end);
    await node.close();
    for (const [read, owner] of this.#open) if (owner === host) this.#open.delete(read);
  }

  #read(host: string, field: Field): void {
    const number = this.#reads++;
    const { bytes } = this.#room.image;
    const offset = mix(number, this.#seed) % (bytes.length - LONGEST_READ);
    const length = 1 + (mix(number, this.#seed + 1) % LONGEST_READ);
    this.#open.set(number, host);
    field.source.read(offset, length).then((read) => {
      this.#open.delete(number);
      if (Buffer.compare(read, bytes.subarray(offset, offset + length)) !== 0) this.#wrong++;
    });
  }
}
