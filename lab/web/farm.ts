// The web farm of one play: its machines by name, the clients on the first PC, and what happened when, by the clients' clock.

import { setTimeout as delay } from 'node:timers/promises';
import { ViverError } from '../../src/errors.ts';
import type { Node, Play } from '../demonstration/play.ts';
import { type Choice, type Placement, readChoice, readPlacement } from './placement.ts';
import { diskless, UNITS, WEB_LIMITS, type WebPlan } from './plan.ts';
import { clientScript, type PowerCut, parseRequests, type RequestEnd } from './requests.ts';

export class Farm {
  readonly play: Play<WebPlan>;
  readonly events: { second: number; what: string }[] = [];
  readonly cuts: PowerCut[] = [];
  readonly #nodes = new Map<string, Node>();

  constructor(play: Play<WebPlan>) {
    this.play = play;
  }

  get first(): Node {
    return this.play.node('first');
  }

  node(name: string): Node {
    if (name === 'first') return this.first;
    const node = this.#nodes.get(name);
    if (!node) throw new ViverError('LAB_NO_MACHINE', `${name} was never started`);
    return node;
  }

  /** Switches a machine on and waits until it has booted. */
  async switchOn(name: string): Promise<Node> {
    const node = await this.play.start(diskless(name));
    this.#nodes.set(name, node);
    if (!(await this.play.waitBooted(node))) throw new ViverError('LAB_BOOT', `${name} did not boot`);
    return node;
  }

  async placement(): Promise<Placement> {
    return readPlacement(await this.#log(this.play.plan.balancer));
  }

  async choice(name: string): Promise<Choice | undefined> {
    return readChoice(await this.#log(name));
  }

  /** Waits until the load balancer has it in a unit. @returns the unit. */
  async joined(name: string): Promise<string> {
    return this.until(`${name} to join a unit`, async () => {
      const found = [...(await this.placement())].find(([, machines]) => machines.includes(name));
      return found?.[0];
    });
  }

  async until<T>(what: string, question: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + WEB_LIMITS.join * 1000;
    for (;;) {
      const answer = await question();
      if (answer !== undefined) return answer;
      if (performance.now() > deadline) throw new ViverError('LAB_TIME', `waited ${WEB_LIMITS.join} s for ${what}`);
      await delay(2000);
    }
  }

  /** The load balancer's address, as the room tells it to the first PC. */
  async balancerAddress(): Promise<string> {
    return this.until('the load balancer to be a member', async () => {
      const { stdout } = await this.first.machine.agent.shell('/usr/local/bin/viver members --json');
      const members = JSON.parse(stdout || '[]') as { address: string; offers: { name: string }[] }[];
      return members.find(({ offers }) => offers.some(({ name }) => name === 'load-balancer'))?.address;
    });
  }

  /** Starts a client for each unit on the first PC; they ask until the end. */
  async startClients(address: string): Promise<void> {
    for (const { name, port, perSecond } of UNITS) {
      const script = clientScript(`http://${address}:${port}/`, perSecond, logFile(name));
      const path = `/run/client-${name}`;
      await this.first.machine.agent.writeFile(path, Buffer.from(`${script}\n`));
      await this.first.machine.agent.shell(`setsid bash ${path} </dev/null >/dev/null 2>&1 &`);
    }
  }

  /** What each client has seen so far. */
  async requests(): Promise<RequestEnd[][]> {
    const texts: RequestEnd[][] = [];
    for (const { name } of UNITS) {
      const { stdout } = await this.first.machine.agent.shell(`cat ${logFile(name)}`);
      texts.push(parseRequests(stdout));
    }
    return texts;
  }

  /** @returns the second on the clients' clock. */
  async happened(what: string): Promise<number> {
    const { stdout } = await this.first.machine.agent.shell('date +%s');
    const second = Number(stdout);
    this.events.push({ second, what });
    return second;
  }

  async switchOff(name: string): Promise<void> {
    await this.happened(`${name} is shut down`);
    const { machine } = this.node(name);
    await machine.agent.powerDown();
    const exit = await machine.waitExit(WEB_LIMITS.powerOff * 1000);
    if (exit.cause !== 'guest')
      throw new ViverError('LAB_MACHINE', `${name} ended by itself: ${exit.message ?? exit.cause}`);
  }

  async pullPlug(name: string): Promise<void> {
    const second = await this.happened(`${name}'s plug is pulled`);
    this.cuts.push({ machine: name, second });
    await this.node(name).machine.cutPower();
  }

  async #log(name: string): Promise<string> {
    return (await this.node(name).machine.agent.shell('dmesg')).stdout;
  }
}

function logFile(unit: string): string {
  return `/run/requests-${unit}`;
}
