// A room in which everything goes wrong, replayed from its seed: five nodes, one of them with the image on its medium, that read in random places all
// the time while they lose their power, are cut off or slow, beside peers that lie, boast, stall or talk nonsense. In the end all is whole again
// but for the holder of the medium and some nodes; reads wait; the holder returns.

import type { Field } from '../../src/vfield/field.ts';
import { Chance } from '../chance.ts';
import { makeImage, type TestImage } from '../image.ts';
import { Room } from '../room.ts';
import { startFakePeer } from './fake-peer.ts';
import { type Fault, type FaultPlan, FIRST, HOSTS, planFaults } from './fault-plan.ts';
import { ReadLedger } from './read-ledger.ts';

export interface FaultResult {
  readonly seed: number;
  readonly reads: number;
  readonly wrong: number;
  /** Reads that waited on although the first had been there for the reader for a long time. */
  readonly stuck: number;
  /** Reads that waited when the last holder returned, and the longest time until one of them was answered. */
  readonly waitedForHolder: number;
  readonly longestAfterReturnMs: number;
}

const PIECES = 64;
const SHARE = 0.6;
const LONGEST_READ = 300_000;
const READS_WITHOUT_HOLDER = 16;
/** So long the first may be there for a reader that waits: a peer that stalls costs some seconds, a retransmission after a partition some more. */
const PATIENCE_MS = 30_000;
const SLOW = { bytesPerSecond: 4e6, cpuMsPerSegment: 1 };
const FAST = { bytesPerSecond: 125e6, cpuMsPerSegment: 0 };

let image: Promise<TestImage> | undefined;

/** Runs the room of this seed. */
export async function runFaults(seed: number): Promise<FaultResult> {
  image ??= makeImage(PIECES);
  const plan = planFaults(seed);
  const run = new FaultRoom(plan, new Room(await image, { ...plan.network, seed, keepsLogs: false }));
  await run.open();
  for (const { fault, forMs } of plan.steps) await run.step(fault, forMs);
  return run.finish();
}

class FaultRoom {
  readonly #plan: FaultPlan;
  readonly #room: Room;
  readonly #chance: Chance;
  readonly #ledger: ReadLedger;
  readonly #nodes = new Map<string, Field>();
  #cuts: (readonly [string, string])[] = [];
  /** Since when the first can be reached by everybody. */
  #wholeSince = 0;
  #stuck = 0;

  constructor(plan: FaultPlan, room: Room) {
    this.#plan = plan;
    this.#room = room;
    this.#chance = new Chance(plan.seed, 1);
    this.#ledger = new ReadLedger(room);
  }

  async open(): Promise<void> {
    for (const [host, behaviour] of this.#plan.badPeers) {
      const { network, clock, image } = this.#room;
      const shareBytes = this.#chance.pick([0, image.bytes.length]);
      await startFakePeer({
        transport: network.transport(host),
        clock,
        image,
        behaviour,
        member: true,
        shareBytes,
        name: host,
      });
    }
    for (const host of HOSTS) await this.#powerOn(host);
  }

  async step(fault: Fault, forMs: number): Promise<void> {
    await this.#apply(fault);
    for (const [host, field] of this.#nodes) this.#readSomething(host, field);
    await this.#room.clock.run(forMs);
    this.#countStuck();
  }

  async finish(): Promise<FaultResult> {
    await this.#makeWhole();
    await this.#room.clock.runUntil(() => this.#ledger.open.size === 0, 60_000);
    this.#stuck += this.#ledger.open.size;
    const { waited, longestMs } = await this.#loseLastHolder();
    for (const field of this.#nodes.values()) if (!(await this.#room.readsAll(field))) this.#ledger.wrong++;
    const { seed } = this.#plan;
    const { tried: reads, wrong } = this.#ledger;
    return { seed, reads, wrong, stuck: this.#stuck, waitedForHolder: waited, longestAfterReturnMs: longestMs };
  }

  async #apply(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'powerOff':
        return this.#powerOff(fault.host, fault.end);
      case 'powerOn':
        return this.#powerOn(fault.host);
      case 'cut':
        return this.#cut(fault.hosts);
      case 'heal':
        return this.#heal();
      case 'slow':
      case 'fast':
        this.#room.network.host(fault.host, fault.kind === 'slow' ? SLOW : FAST);
    }
  }

  async #powerOn(host: string): Promise<void> {
    if (this.#nodes.has(host)) return;
    this.#room.network.powerOn(host);
    const peers = [...HOSTS, ...this.#plan.badPeers.keys()].map((other) => `${other}:6881`);
    const isFirst = host === FIRST;
    const field = isFirst
      ? await this.#room.openFirst(host, { peers })
      : await this.#room.open(host, { share: SHARE, peers });
    this.#nodes.set(host, field);
    if (isFirst) this.#wholeSince = this.#room.clock.now();
  }

  /** The network goes first, so that no goodbye gets out. */
  async #powerOff(host: string, end: 'reset' | 'silence'): Promise<void> {
    const node = this.#nodes.get(host);
    if (!node) return;
    this.#nodes.delete(host);
    this.#room.network.powerOff(host, end);
    await node.close();
    this.#ledger.forget(host);
    if (host === FIRST) this.#wholeSince = Number.POSITIVE_INFINITY;
  }

  #cut(inside: readonly string[]): void {
    for (const host of inside) {
      for (const other of HOSTS) if (!inside.includes(other)) this.#cuts.push([host, other]);
    }
    for (const pair of this.#cuts) this.#room.network.cut(...pair);
    if (this.#cuts.length > 0) this.#wholeSince = Number.POSITIVE_INFINITY;
  }

  #heal(): void {
    if (this.#cuts.length === 0) return;
    for (const pair of this.#cuts) this.#room.network.heal(...pair);
    this.#cuts = [];
    if (this.#nodes.has(FIRST)) this.#wholeSince = this.#room.clock.now();
  }

  async #makeWhole(): Promise<void> {
    this.#heal();
    for (const host of HOSTS) {
      this.#room.network.host(host, FAST);
      await this.#powerOn(host);
    }
  }

  #readSomething(host: string, field: Field): void {
    const { bytes } = this.#room.image;
    const offset = this.#chance.integer(0, bytes.length - LONGEST_READ);
    this.#ledger.start(host, field, offset, this.#chance.integer(1, LONGEST_READ));
  }

  #countStuck(): void {
    const now = this.#room.clock.now();
    for (const read of this.#ledger.open) {
      if (now - Math.max(read.startedAt, this.#wholeSince) < PATIENCE_MS) continue;
      this.#ledger.open.delete(read);
      this.#stuck++;
    }
  }

  /** Who has the medium leaves with all others but one, which reads here and there, waits, and is answered when the first is back. */
  async #loseLastHolder(): Promise<{ waited: number; longestMs: number }> {
    const { clock, image } = this.#room;
    for (const host of [FIRST, ...HOSTS.slice(2)]) await this.#powerOff(host, this.#chance.pick(['reset', 'silence']));
    for (const [host, field] of this.#nodes) {
      for (const piece of this.#somePieces()) this.#ledger.start(host, field, piece * image.metainfo.pieceBytes, 4096);
    }
    await clock.run(this.#plan.awayMs);
    const waited = this.#ledger.open.size;
    const returnedAt = clock.now();
    let lastAnswerAt = returnedAt;
    for (const read of this.#ledger.open) {
      read.onAnswer = () => {
        lastAnswerAt = clock.now();
      };
    }
    await this.#powerOn(FIRST);
    await clock.runUntil(() => this.#ledger.open.size === 0, PATIENCE_MS);
    this.#stuck += this.#ledger.open.size;
    return { waited, longestMs: lastAnswerAt - returnedAt };
  }

  /** No more than a link with losses brings in a moment: it is the stall that is measured, not the link. */
  #somePieces(): Set<number> {
    const { pieceCount } = this.#room.image.metainfo;
    return new Set(Array.from({ length: READS_WITHOUT_HOLDER }, () => this.#chance.integer(0, pieceCount - 1)));
  }
}
