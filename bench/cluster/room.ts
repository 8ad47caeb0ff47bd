// One room of an engine: a crowd in a few processes and the member that is measured, on its own cable; and what is measured with them.

import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd, type Opened } from './crowd-process.ts';
import type { NodeOptions, Seed } from './engine.ts';
import { cableBytes, crowdAddress, makeNetwork, setCable, singleAddress } from './namespaces.ts';

const PROCESSES = 3;
const KEY = new Uint8Array(32).fill(7);
const PORT = 7000;
/** What takes longer counts as not noticed. */
export const MAX_WAIT_MS = 60_000;

export class Room {
  readonly #engine: string;
  readonly #size: number;
  readonly #crowds: Crowd[] = [];
  #starts = 0;
  single: Crowd | undefined;

  constructor(engine: string, size: number) {
    this.#engine = engine;
    this.#size = size;
  }

  /** Seconds until each of the crowd knows each. */
  async form(limitMs: number): Promise<number> {
    const count = this.#size - 1;
    makeNetwork(count);
    const begin = performance.now();
    const nodes = Array.from({ length: count }, (_, at) => this.#options(at));
    const parts = Math.min(PROCESSES, count);
    for (let part = 0; part < parts; part++) {
      const crowd = new Crowd('crowd');
      this.#crowds.push(crowd);
      void crowd.ask('opened', {
        kind: 'open',
        order: { engine: this.#engine, nodes: nodes.filter((_, at) => at % parts === part) },
      });
    }
    await until(() => this.#crowds.every(({ view }) => view.least >= count), limitMs);
    return seconds(begin);
  }

  /** Starts the measured member; seconds until all know it and it knows all. */
  async join(): Promise<{ opened: Opened; seconds: number }> {
    this.single = new Crowd('single');
    const at = this.#starts++;
    const options = {
      ...this.#options(0),
      name: `single-${at}`,
      address: singleAddress(at % 8),
      seeds: this.#seeds(this.#size),
    };
    const begin = performance.now();
    const opened = await this.single.ask<Opened>('opened', {
      kind: 'open',
      order: { engine: this.#engine, nodes: [options] },
    });
    await until(() => this.single!.view.names.length > 0, MAX_WAIT_MS);
    for (const crowd of this.#crowds) crowd.send({ kind: 'watch', name: this.single.view.names[0]! });
    await until(() => this.knowing === this.#size - 1 && this.single!.view.least === this.#size, MAX_WAIT_MS);
    return { opened, seconds: seconds(begin) };
  }

  /** Bytes a second on the member's cable, and its part of a processor, over `ms`. */
  async quiet(ms: number): Promise<{ bytesPerSecond: number; cpuPercent: number; rss: number }> {
    const bytes = cableBytes();
    const cpu = this.single!.view.cpuMs;
    await sleep(ms);
    return {
      bytesPerSecond: ((cableBytes() - bytes) / ms) * 1000,
      cpuPercent: ((this.single!.view.cpuMs - cpu) / ms) * 100,
      rss: this.single!.view.rss,
    };
  }

  /** Seconds until nobody knows the member any more after its cable was pulled, and until all know each other when it is back. */
  async pullCable(): Promise<{ noticed: number; healed: number }> {
    setCable(false);
    const noticed = await this.#forgotten();
    setCable(true);
    const begin = performance.now();
    await until(() => this.knowing === this.#size - 1 && this.single!.view.least === this.#size, MAX_WAIT_MS);
    return { noticed, healed: seconds(begin) };
  }

  /** The same after kill -9. */
  async kill(): Promise<number> {
    await this.single!.end();
    return this.#forgotten();
  }

  /** How many of the crowd know the measured member. */
  get knowing(): number {
    return this.#crowds.reduce((sum, { view }) => sum + view.knowing, 0);
  }

  get firstName(): string {
    return this.#crowds[0]!.view.names[0]!;
  }

  get troubles(): string[] {
    return [...this.#crowds, ...(this.single ? [this.single] : [])].flatMap(({ troubles }) => troubles);
  }

  get cpuMs(): number {
    return this.#crowds.reduce((sum, { view }) => sum + view.cpuMs, 0);
  }

  async close(): Promise<void> {
    for (const crowd of [...this.#crowds, ...(this.single ? [this.single] : [])]) await crowd.end();
  }

  async #forgotten(): Promise<number> {
    const begin = performance.now();
    await until(() => this.knowing === 0, MAX_WAIT_MS);
    return seconds(begin);
  }

  #options(at: number): NodeOptions {
    // Ports differ, since not every engine can listen on one address only.
    return { name: `crowd-${at}`, address: crowdAddress(at), port: PORT + at, key: KEY, seeds: this.#seeds(at) };
  }

  /** One address to begin with; an engine without peer exchange is told all that came before. */
  #seeds(before: number): Seed[] {
    const all = Array.from({ length: Math.min(before, this.#size - 1) }, (_, at) => ({
      name: `crowd-${at}`,
      address: crowdAddress(at),
      port: PORT + at,
    }));
    return this.#engine === 'libp2p' ? all : all.slice(0, 1);
  }
}

async function until(done: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!done() && performance.now() < end) await sleep(50);
}

/** More than the longest wait counts as never. */
function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}
