// The PCs of a churn: each start of one, from power-on to its kill, and the files that it reads in between. A PC that was killed is judged by what it did before.

import { setTimeout as delay } from 'node:timers/promises';
import { errorLine } from '../../src/errors.ts';
import { rootCheck } from '../demonstration/common-steps.ts';
import type { Verdict } from '../demonstration/judgements.ts';
import type { Node, Play } from '../demonstration/play.ts';
import type { GivenBoot } from './given-boot.ts';
import { CHURN_LIMITS, type ChurnPlan, disklessMachine, ROUND, SAMPLE_FILES } from './plan.ts';
import {
  addTallies,
  chooseFiles,
  failedReads,
  judgeReads,
  type ListedFile,
  listFiles,
  NO_READS,
  READ_SCRIPT,
  type ReadTally,
} from './reads.ts';

/** One start of a diskless PC. Times are seconds since the churn was made. */
export interface Start {
  readonly node: Node;
  readonly place: number;
  readonly onSeconds: number;
  upSeconds?: number;
  killedSeconds?: number;
  replacedBy?: string;
  reads: ReadTally;
}

export class Churn {
  readonly play: Play<ChurnPlan>;
  readonly starts: Start[] = [];
  readonly #files: readonly ListedFile[];
  readonly #startedMs = performance.now();
  readonly #following = new Set<Promise<void>>();
  readonly #reading = new Set<Promise<void>>();
  #isEnding = false;
  /** What PCs start with, unless they fetch it. */
  given: GivenBoot | undefined;

  constructor(play: Play<ChurnPlan>) {
    this.play = play;
    this.#files = listFiles(play.image.manifest);
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** Starts whose PC nobody has killed. */
  get current(): Start[] {
    return this.starts.filter((start) => start.killedSeconds === undefined);
  }

  /** Switches a PC on; from when it is up it reads, until it is killed or the churn ends. */
  async start(place: number, label?: string): Promise<Start> {
    const onSeconds = this.seconds;
    const machine = disklessMachine(place, this.play.plan.memoryMiB);
    const node = await this.play.start(this.given ? { ...machine, kernel: this.given } : machine, label);
    const start: Start = { node, place, onSeconds, reads: NO_READS };
    this.starts.push(start);
    const following = this.#follow(start).finally(() => this.#following.delete(following));
    this.#following.add(following);
    return start;
  }

  /** Cuts the power of a PC; what it was doing is not its failure. */
  async kill(start: Start): Promise<void> {
    start.killedSeconds = this.seconds;
    await start.node.machine.cutPower();
  }

  /** Waits until every PC that is on has come up or failed to. @returns whether all are up */
  async waitUp(): Promise<boolean> {
    while (this.#following.size > 0) await Promise.all(this.#following);
    return this.current.every((start) => start.upSeconds !== undefined && !start.node.machine.exit);
  }

  /** No node begins another round of reads. */
  async endReading(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#reading);
  }

  /** Files by chance, compared on one node. */
  sample(start: Start): Promise<ReadTally> {
    return this.#read(start, SAMPLE_FILES, CHURN_LIMITS.sample);
  }

  async #follow(start: Start): Promise<void> {
    const { node } = start;
    const isUp = await this.#check(start, `${node.label} reaches multi-user.target`, async () => {
      const seconds = await this.play.boot(node);
      return { ok: true, detail: `${seconds.toFixed(1)} s after power-on` };
    });
    if (!isUp) return;
    start.upSeconds = this.seconds;
    const { name, judge } = rootCheck(node);
    await this.#check(start, name, judge);
    const reading = this.#readOn(start).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  async #readOn(start: Start): Promise<void> {
    while (!this.#isEnding && !start.node.machine.exit) {
      const found = await this.#read(start, ROUND.files, CHURN_LIMITS.round);
      if (start.killedSeconds !== undefined) return; // the round that the kill cut off says nothing
      start.reads = addTallies(start.reads, found);
      for (const problem of found.problems) this.play.view.note(`     ${start.node.label}: ${problem}`);
      await delay(ROUND.restSeconds * 1000);
    }
  }

  async #read(start: Start, count: number, limitSeconds: number): Promise<ReadTally> {
    const files = chooseFiles(this.#files, count, Math.random);
    const input = files.map(({ path }) => `${path}\n`).join('');
    const options = { input, timeoutMs: limitSeconds * 1000 };
    try {
      const { stdout } = await start.node.machine.agent.run('/bin/sh', ['-c', READ_SCRIPT], options);
      return judgeReads(files, stdout);
    } catch (error) {
      return failedReads(files, errorLine(error));
    }
  }

  /** A check of a PC, unless it is killed meanwhile. */
  async #check(start: Start, name: string, judge: () => Promise<Verdict>): Promise<boolean> {
    const verdict = await judge().catch((error: unknown) => ({ ok: false, detail: errorLine(error) }));
    return start.killedSeconds === undefined && this.play.check(name, () => verdict);
  }
}
