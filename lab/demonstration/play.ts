// One run in a room, the demonstration or another one: the room, the machines that were started, and what was found. Steps act through
// this; it owns the nodes' records and the checks, and turns every failed check into a line, never into the end of the run.

import { errorLine, ViverError } from '../../src/errors.ts';
import type { MachineDescription } from '../machine.ts';
import type { Room } from '../room.ts';
import type { RunningMachine } from '../running-machine.ts';
import type { Verdict } from './judgements.ts';
import type { LiveView } from './live-view.ts';
import { type FieldStatus, multiUserSeconds, readFieldStatus } from './node-status.ts';
import { LIMITS } from './plan.ts';
import { type CheckReport, createReport, type DemonstrationReport, reportPhases } from './report.ts';

/** One start of a machine. */
export interface Node {
  /** `first`, and `first-again` for its second start. */
  readonly label: string;
  readonly machine: RunningMachine;
  /** What it last said of itself. */
  field?: FieldStatus;
}

/** What the host knows of the image. */
export interface ImageFacts {
  /** As `sha256sum` wrote it, of the source tree. */
  readonly manifest: string;
  readonly files: number;
}

/** What every plan says, whatever is played. */
export interface PlayPlan {
  /** Longest time from power-on to multi-user.target. */
  readonly bootSeconds: number;
}

export class Play<Plan extends PlayPlan = PlayPlan> {
  readonly plan: Plan;
  readonly image: ImageFacts;
  readonly room: Room;
  readonly view: LiveView;
  readonly #nodes: Node[] = [];
  readonly #checks: CheckReport[] = [];

  constructor(options: { plan: Plan; image: ImageFacts; room: Room; view: LiveView }) {
    this.plan = options.plan;
    this.image = options.image;
    this.room = options.room;
    this.view = options.view;
  }

  /** Nodes that are on. */
  get live(): Node[] {
    return this.#nodes.filter((node) => !node.machine.exit);
  }

  /** Nodes that are on and have no image of their own. */
  get diskless(): Node[] {
    return this.live.filter((node) => node.machine.description.medium.kind === 'none');
  }

  node(label: string): Node {
    const node = this.#nodes.find((known) => known.label === label);
    if (!node) throw new ViverError('LAB_NO_MACHINE', `${label} was never started`);
    return node;
  }

  async start(description: MachineDescription, label = description.name): Promise<Node> {
    const node: Node = { label, machine: await this.room.add(description) };
    this.#nodes.push(node);
    return node;
  }

  /** Waits until a node has booted and its agent answers; a check says in what time. False: it did not boot. */
  waitBooted(node: Node): Promise<boolean> {
    return this.check(`${node.label} reaches multi-user.target`, async () => {
      const seconds = await this.boot(node);
      return { ok: true, detail: `${seconds.toFixed(1)} s after power-on` };
    });
  }

  /** Waits until a node has booted and its agent answers. @returns seconds since power-on. @throws ViverError LAB_* */
  async boot({ machine }: Node): Promise<number> {
    await machine.waitPhase(['multi-user', 'login'], this.plan.bootSeconds * 1000);
    await machine.agent.waitReady(LIMITS.agent * 1000);
    const kernelSeconds = await multiUserSeconds(machine.agent, LIMITS.multiUser);
    machine.console.addFromGuest('multi-user', kernelSeconds);
    return machine.console.phases.find((phase) => phase.name === 'multi-user')?.seconds ?? 0;
  }

  /** Asks a node for its part of the field and remembers it for the report. */
  async refresh(node: Node): Promise<FieldStatus> {
    node.field = await readFieldStatus(node.machine.agent);
    return node.field;
  }

  /** Runs one check; what it throws is its failure. */
  async check(name: string, judge: () => Verdict | Promise<Verdict>): Promise<boolean> {
    let verdict: Verdict;
    try {
      verdict = await judge();
    } catch (error) {
      verdict = { ok: false, detail: errorLine(error) };
    }
    this.#checks.push({ name, ...verdict });
    this.view.note(`${verdict.ok ? 'ok  ' : 'FAIL'} ${name}: ${verdict.detail}`);
    return verdict.ok;
  }

  get failed(): boolean {
    return this.#checks.some((check) => !check.ok);
  }

  report(): DemonstrationReport {
    const nodes = this.#nodes.map(({ label, machine, field }) => ({
      name: label,
      firmware: machine.description.firmware,
      nic: machine.description.nic,
      medium: machine.description.medium.kind,
      phases: reportPhases(machine.console.phases),
      bytesFrom: field?.bytesFrom ?? { local: 0, peers: {} },
    }));
    return createReport(nodes, this.#checks);
  }

  /** The last lines of every console that belongs to a machine which is on or failed: where to look when a check fails. */
  lastLines(count: number): string {
    const looked = this.#nodes.filter(({ machine }) => !machine.exit || machine.exit.cause === 'failed');
    return looked
      .flatMap(({ label, machine }) => [
        `-- ${label} (${machine.serialLog})`,
        ...machine.console.recentLines.slice(-count),
      ])
      .join('\n');
  }
}
