// Steps that every play in a room has: machines start and are looked at, the logs are read, the nodes are shut down. A step that can't be
// done throws; a step that shows something wrong records a failed check.

import { ViverError } from '../../src/errors.ts';
import { judgeErrors, judgeKernelLog, judgeRoot, type Verdict } from './judgements.ts';
import { LIMITS } from './plan.ts';
import type { Node, Play, PlayPlan } from './play.ts';

export interface Step<Plan extends PlayPlan> {
  readonly title: string;
  /** Left out where the plan has nothing for it. */
  readonly when?: (plan: Plan) => boolean;
  run(play: Play<Plan>): Promise<void>;
}

/** Waits for nodes that start together, and looks at each as soon as it is up. A node that does not boot ends the run. */
export async function bootAll<Plan extends PlayPlan>(
  play: Play<Plan>,
  nodes: readonly Node[],
  inspect: (play: Play<Plan>, node: Node) => Promise<void>,
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      if (!(await play.waitBooted(node))) throw new ViverError('LAB_BOOT', `${node.label} did not boot`);
      await inspect(play, node);
    }),
  );
}

/** Where a node's root must lie, by what it started from. */
export function rootCheck({ label, machine }: Node): { name: string; judge(): Promise<Verdict> } {
  const isDiskless = machine.description.medium.kind === 'none';
  return {
    name: `${label} has its root on ${isDiskless ? 'V-FIELD' : 'the stick'} under an overlay`,
    judge: async () =>
      judgeRoot((await machine.agent.shell('cat /proc/mounts')).stdout, isDiskless ? 'field' : 'medium'),
  };
}

export async function checkRoot(play: Play, node: Node): Promise<void> {
  const { name, judge } = rootCheck(node);
  await play.check(name, judge);
}

/** Errors, trouble of the root and failed units, on every node that is on. */
export async function readLogs(play: Play): Promise<void> {
  for (const { label, machine } of play.live) {
    await play.check(`${label} logged no errors`, async () =>
      judgeErrors(await linesOf(machine.agent.shell('journalctl -b -p err --no-pager --quiet -o short-monotonic'))),
    );
    await play.check(`${label} has a quiet kernel log`, async () =>
      judgeKernelLog(await linesOf(machine.agent.shell('dmesg'))),
    );
    await play.check(`${label} has no failed unit`, async () => {
      const failed = await linesOf(machine.agent.shell('systemctl --failed --plain --no-legend --no-pager'));
      return { ok: failed.length === 0, detail: failed.join('; ') || 'none' };
    });
  }
}

/** Diskless nodes first: while one shuts down it may still need blocks that another one has. */
export async function shutDown(play: Play): Promise<void> {
  await Promise.all(play.live.map((node) => play.refresh(node).catch(() => {}))); // the last counts for the report
  for (const node of [...play.diskless, ...play.live.filter((node) => !play.diskless.includes(node))]) {
    await play.check(`${node.label} powers off cleanly`, () => powerOff(node));
  }
}

async function powerOff({ machine }: Node): Promise<{ ok: boolean; detail: string }> {
  const startedMs = performance.now();
  await machine.agent.powerDown();
  const exit = await machine.waitExit(LIMITS.powerOff * 1000);
  const seconds = (performance.now() - startedMs) / 1000;
  const ok = exit.cause === 'guest' && machine.console.failure === undefined;
  return { ok, detail: machine.console.failure ?? exit.message ?? `after ${seconds.toFixed(1)} s` };
}

async function linesOf(result: Promise<{ stdout: string }>): Promise<string[]> {
  return (await result).stdout.split('\n').filter((line) => line !== '');
}
