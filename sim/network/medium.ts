// What lies between the hosts of a virtual network: how far two are apart, what gets lost, who is cut off or without power, and a switch that all bytes
// go through. Chance comes from the seed alone.

import type { Clock } from '../../src/vfield/clock.ts';
import { mix, seedOf } from '../../src/vfield/placement.ts';

export interface MediumOptions {
  readonly clock: Clock;
  readonly seed?: number;
  /** One way; with two numbers each pair of hosts has its own between them. Default 0.2. */
  readonly latencyMs?: number | readonly [number, number];
  /** Each segment is late by up to so much. Default 0. */
  readonly jitterMs?: number;
  /** Part of the packets that get lost. Default 0. */
  readonly loss?: number;
  /** Of all hosts together. Default unlimited. */
  readonly switchBytesPerSecond?: number;
}

const DEFAULT_LATENCY_MS = 0.2;
const UINT32 = 2 ** 32;

export class Medium {
  readonly clock: Clock;
  readonly #options: MediumOptions;
  readonly #seed: number;
  #drawn = 0;
  #switchFreeAt = 0;
  readonly #cuts = new Set<string>();
  readonly #off = new Set<string>();

  constructor(options: MediumOptions) {
    this.clock = options.clock;
    this.#options = options;
    this.#seed = options.seed ?? 1;
  }

  /** The next number from 0 to 1 that chance gives. */
  chance(): number {
    return mix(this.#drawn++, this.#seed) / UINT32;
  }

  /** One way between the two, without jitter; the same for the whole run. */
  latencyMs(hostA: string, hostB: string): number {
    const { latencyMs = DEFAULT_LATENCY_MS } = this.#options;
    if (typeof latencyMs === 'number') return latencyMs;
    const [least, most] = latencyMs;
    return least + ((most - least) * mix(seedOf(pairOf(hostA, hostB)), this.#seed)) / UINT32;
  }

  jitterMs(): number {
    const { jitterMs = 0 } = this.#options;
    return jitterMs === 0 ? 0 : jitterMs * this.chance();
  }

  /** Whether one of so many packets is lost. */
  loses(packets: number): boolean {
    const { loss = 0 } = this.#options;
    return loss > 0 && this.chance() > (1 - loss) ** packets;
  }

  /** When so many bytes that reach the switch at `at` have left it. */
  throughSwitch(at: number, bytes: number): number {
    const { switchBytesPerSecond } = this.#options;
    if (switchBytesPerSecond === undefined) return at;
    this.#switchFreeAt = Math.max(this.#switchFreeAt, at) + (bytes * 1000) / switchBytesPerSecond;
    return this.#switchFreeAt;
  }

  passes(hostA: string, hostB: string): boolean {
    if (this.#off.size > 0 && (this.#off.has(hostA) || this.#off.has(hostB))) return false;
    return this.#cuts.size === 0 || !this.#cuts.has(pairOf(hostA, hostB));
  }

  cut(hostA: string, hostB: string): void {
    this.#cuts.add(pairOf(hostA, hostB));
  }

  heal(hostA: string, hostB: string): void {
    this.#cuts.delete(pairOf(hostA, hostB));
  }

  powerOff(host: string): void {
    this.#off.add(host);
  }

  powerOn(host: string): void {
    this.#off.delete(host);
  }
}

function pairOf(hostA: string, hostB: string): string {
  return hostA < hostB ? `${hostA} ${hostB}` : `${hostB} ${hostA}`;
}
