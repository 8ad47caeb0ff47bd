// N diskless machines boot from one that has the image on its medium, switched on at once or one after the other: the real field, read as a boot reads.

import { bytesSource } from '../../src/vfield/block-source.ts';
import type { Field } from '../../src/vfield/field.ts';
import type { TestImage } from '../image.ts';
import { Room, type RoomOptions } from '../room.ts';
import { boot, pause } from './boot.ts';
import type { BootRead } from './boot-reads.ts';
import { FirstTap } from './first-tap.ts';

export interface StormOptions {
  readonly image: TestImage;
  readonly reads: readonly BootRead[];
  readonly nodes: number;
  /** Part of the image that each node gives RAM for. */
  readonly share: number;
  /** Between switching on one machine and the next. */
  readonly staggerMs?: number;
  /** Connections that each node holds; the field's own bound when left out. */
  readonly connections?: number;
  readonly seed: number;
  readonly network: Omit<RoomOptions, 'seed'>;
}

export interface StormResult {
  readonly nodes: number;
  /** Each node's time from its switching on to the end of its last read. */
  readonly bootMs: readonly number[];
  readonly wrongReads: number;
  /** Until every node keeps what placement gives it; NaN when that took more than a minute after the last boot. */
  readonly settledMs: number;
  /** All that each node's link sent, the first's apart. */
  readonly sentBytes: readonly number[];
  readonly firstSentBytes: number;
  /** The same at the end of the last boot. */
  readonly firstSentAtBootBytes: number;
  readonly copies: { readonly min: number; readonly target: number };
  readonly tap: FirstTap;
  readonly room: Room;
  readonly events: number;
}

const FIRST = hostName(0);
const BOOT_LIMIT_MS = 3_600_000;
const SETTLE_LIMIT_MS = 60_000;
const SETTLE_CHECK_MS = 250;
const SETTLED_FOR_MS = 2_000;

/** 10.x.y.z: a name that the field takes for an address. */
export function hostName(number: number): string {
  const at = number + 1;
  return `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
}

export async function runStorm(options: StormOptions): Promise<StormResult> {
  const { image, nodes, seed } = options;
  const room = new Room(image, { keepsLogs: false, ...options.network, seed });
  const tap = new FirstTap(() => room.clock.now());
  const transport = tap.around(room.network.transport(FIRST));
  await room.open(FIRST, { local: bytesSource(image.bytes), transport, ...boundOf(options) });
  const storm = new Storm(options, room);
  for (let number = 1; number <= nodes; number++) storm.switchOn(number);
  const booted = await room.clock.runUntil(() => storm.bootMs.length === nodes, BOOT_LIMIT_MS);
  if (!booted) throw new Error(`${storm.bootMs.length} of ${nodes} nodes have booted after an hour: seed ${seed}`);
  const first = room.network.host(FIRST);
  const firstSentAtBootBytes = first.sentBytes;
  const settledMs = await storm.settle();
  return {
    nodes,
    bootMs: storm.bootMs,
    wrongReads: storm.wrongReads,
    settledMs,
    sentBytes: storm.hosts.map((host) => room.network.host(host).sentBytes),
    firstSentBytes: first.sentBytes,
    firstSentAtBootBytes,
    copies: storm.fields[0]!.status().copies,
    tap,
    room,
    events: room.clock.events,
  };
}

class Storm {
  readonly bootMs: number[] = [];
  readonly fields: Field[] = [];
  readonly hosts: string[] = [];
  wrongReads = 0;
  readonly #options: StormOptions;
  readonly #room: Room;

  constructor(options: StormOptions, room: Room) {
    this.#options = options;
    this.#room = room;
  }

  async switchOn(number: number): Promise<void> {
    const { staggerMs = 0, share, reads } = this.#options;
    const { clock } = this.#room;
    const host = hostName(number);
    this.hosts.push(host);
    if (staggerMs > 0) await pause(clock, (number - 1) * staggerMs);
    const startedAt = clock.now();
    const field = await this.#room.begin(host, { share, peers: [`${FIRST}:6881`], ...boundOf(this.#options) });
    this.fields.push(field);
    const isRight = (bytes: Uint8Array, offset: number): boolean => this.#room.isRight(bytes, offset);
    const { wrongReads } = await boot(clock, field.source, reads, isRight);
    this.wrongReads += wrongReads;
    this.bootMs.push(clock.now() - startedAt);
  }

  /** @returns Since when everybody keeps what is his; that must hold for a while, since news of members is still on its way. */
  async settle(): Promise<number> {
    const { clock } = this.#room;
    const end = clock.now() + SETTLE_LIMIT_MS;
    let since = Number.NaN;
    while (clock.now() < end) {
      if (!this.fields.every(isSettled)) since = Number.NaN;
      else if (Number.isNaN(since)) since = clock.now();
      else if (clock.now() - since >= SETTLED_FOR_MS) return since;
      await clock.run(SETTLE_CHECK_MS);
    }
    return Number.NaN;
  }
}

function boundOf({ connections }: StormOptions): { connections?: number } {
  return connections === undefined ? {} : { connections };
}

function isSettled(field: Field): boolean {
  const { kept, owned } = field.status();
  return owned > 0 && kept >= owned;
}
