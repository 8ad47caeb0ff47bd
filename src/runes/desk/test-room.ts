// A room in memory for the tests of runes and for runes on the desk: machines that find, ask and hear each other as over a network, and whose plug can be
// pulled. Owns who is in it.

import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, JoinOptions } from '../../cluster/cluster.ts';
import { MemoryHub } from '../../cluster/memory.ts';
import type { StartOptions } from '../host/start.ts';

const NETWORK = '192.0.2.'; // RFC 5737
const SETTLE_MS = 2_000;

export class TestRoom {
  readonly #hub = new MemoryHub();
  readonly #machines = new Map<string, Cluster | undefined>();

  /** What the rune host of one more machine is started with. @param name Unique in the room; undefined for pc-1, pc-2 … */
  machine(name = `pc-${this.#machines.size + 1}`): Pick<StartOptions, 'room' | 'joinRoom'> & { readonly name: string } {
    this.#machines.set(name, undefined);
    const address = `${NETWORK}${this.#machines.size}`;
    const seeds = [`${NETWORK}1`];
    return {
      name,
      room: { key: new Uint8Array(32), name, address, port: 1, seeds, labels: { role: 'test' } },
      joinRoom: async (options: JoinOptions) => {
        const cluster = await this.#hub.join(options);
        this.#machines.set(name, cluster);
        return cluster;
      },
    };
  }

  /** Waits until all machines see each other: joining keeps no rune waiting. */
  async settled(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    const clusters = () => [...this.#machines.values()];
    while (clusters().some((cluster) => cluster?.members().length !== this.#machines.size)) {
      if (performance.now() > deadline) return;
      await delay(1);
    }
  }

  /** The machine says farewell when its runes are stopped. */
  forget(name: string): void {
    this.#machines.delete(name);
  }

  /** Pulls the plug of a machine: the others lose it. */
  lose(name: string): void {
    const cluster = this.#machines.get(name);
    if (cluster) this.#hub.lose(cluster);
    this.#machines.delete(name);
  }
}
