// A room over a quarter of an hour: the first leaves once the image is placed, then nodes lose their power one by one and others come in their place, at
// last several in a burst. Each second the copies of every piece are counted, beside the bound that placement promises.

import { bytesSource } from '../../src/vfield/block-source.ts';
import type { Field } from '../../src/vfield/field.ts';
import { capacityOfShare } from '../../src/vfield/share.ts';
import { Chance } from '../chance.ts';
import type { TestImage } from '../image.ts';
import { median } from '../report/figures.ts';
import { Room } from '../room.ts';
import { hostName } from '../storm/storm.ts';
import { Observer } from './observer.ts';

export interface ChurnOptions {
  readonly image: TestImage;
  readonly nodes: number;
  readonly share: number;
  readonly seed: number;
}

/** The room in one second. */
export interface ChurnSample {
  readonly atSeconds: number;
  readonly nodes: number;
  readonly least: number;
  readonly median: number;
  /** floor(n * c / K) - 1 of placement, from the nodes that are there. */
  readonly bound: number;
  /** Since a node came or went. */
  readonly calmSeconds: number;
}

const PLACED_AT = 60;
const CHURN_UNTIL = 660;
const BURST_AT = 720;
const END = 900;
/** A node goes, and another one comes so much later. */
const EVERY_SECONDS = 60;
const AWAY_SECONDS = 20;
const OBSERVER = '10.255.0.1';

export async function runChurn(options: ChurnOptions): Promise<ChurnSample[]> {
  const churn = new Churn(options);
  await churn.open();
  const samples: ChurnSample[] = [];
  for (let second = 1; second <= END; second++) {
    await churn.happen(second);
    await churn.room.clock.run(1000);
    samples.push(churn.sample(second));
  }
  return samples;
}

class Churn {
  readonly room: Room;
  readonly #options: ChurnOptions;
  readonly #chance: Chance;
  readonly #observer: Observer;
  readonly #nodes = new Map<string, Field>();
  readonly #coming: number[] = [];
  #hosts = 0;
  #changedAt = 0;

  constructor(options: ChurnOptions) {
    const { image, seed } = options;
    this.#options = options;
    this.room = new Room(image, { seed, keepsLogs: false, latencyMs: [0.1, 0.3] });
    this.#chance = new Chance(seed);
    this.#observer = new Observer(this.room.network.transport(OBSERVER), this.room.clock, image.metainfo);
  }

  async open(): Promise<void> {
    const { image, nodes } = this.#options;
    await this.#add({ local: bytesSource(image.bytes) });
    for (let number = 0; number < nodes; number++) await this.#add({ share: this.#options.share });
  }

  /** What is due in this second. */
  async happen(second: number): Promise<void> {
    if (second === PLACED_AT) await this.#remove(hostName(0));
    if (second > PLACED_AT && second <= CHURN_UNTIL && second % EVERY_SECONDS === 0) {
      await this.#removeSome(1);
      this.#coming.push(second + AWAY_SECONDS);
    }
    if (second === BURST_AT) {
      await this.#removeSome(Math.ceil(this.#options.nodes / 5));
    }
    while (this.#coming[0] === second) {
      this.#coming.shift();
      await this.#add({ share: this.#options.share });
      this.#changedAt = second;
    }
    if (second === PLACED_AT || second === BURST_AT || second % EVERY_SECONDS === 0) this.#changedAt = second;
  }

  sample(second: number): ChurnSample {
    const { image, share } = this.#options;
    const { pieceCount, pieceBytes } = image.metainfo;
    const copies = this.#observer.copies();
    const holders = [...this.#nodes.keys()].filter((host) => host !== hostName(0)).length;
    const capacity = Math.min(pieceCount, capacityOfShare(Math.ceil(share * pieceCount) * pieceBytes, pieceBytes));
    return {
      atSeconds: second,
      nodes: holders,
      least: Math.min(...copies),
      median: median(copies),
      bound: Math.max(0, Math.floor((holders * capacity) / pieceCount) - 1),
      calmSeconds: second - this.#changedAt,
    };
  }

  async #add(options: Parameters<Room['open']>[1]): Promise<void> {
    const host = hostName(this.#hosts++);
    const known = [...this.#nodes.keys()].slice(-3).map((other) => `${other}:6881`);
    this.#nodes.set(host, await this.room.open(host, { ...options, peers: known }));
    if (!options?.local) this.#observer.watch(`${host}:6881`);
  }

  async #removeSome(count: number): Promise<void> {
    for (let at = 0; at < count; at++) await this.#remove(this.#chance.pick([...this.#nodes.keys()]));
  }

  async #remove(host: string): Promise<void> {
    const field = this.#nodes.get(host)!;
    this.#nodes.delete(host);
    this.room.network.powerOff(host, this.#chance.pick(['reset', 'silence']));
    this.#observer.forget(`${host}:6881`);
    await field.close();
  }
}
