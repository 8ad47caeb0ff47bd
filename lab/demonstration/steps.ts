// The demonstration's steps, in order, as data. The full and the quick run share them; a step without machines in the plan has
// nothing to do. A step that can't be done throws; a step that shows something wrong records a failed check.

import { setTimeout as delay } from 'node:timers/promises';
import { bootAll, checkRoot, readLogs, type Step, shutDown } from './common-steps.ts';
import { COMPARE_SCRIPT, judgeComparison, judgeMemory } from './judgements.ts';
import { bytesFromPeers, heldBytes } from './node-status.ts';
import { type DemonstrationPlan, LEAST_AVAILABLE_MIB, LIMITS } from './plan.ts';
import type { Node, Play } from './play.ts';

type Demonstration = Play<DemonstrationPlan>;

export const STEPS: readonly Step<DemonstrationPlan>[] = [
  { title: 'the first PC starts from the stick', run: startFirst },
  { title: 'diskless PCs start over the network', run: startDiskless },
  { title: 'every file is compared with the source', run: (demo) => compareAll(demo, demo.live) },
  { title: 'the field gathers a whole copy beside the first PC', run: waitWholeCopy },
  { title: "the first PC's power is cut, and every file is read again", run: cutAndCompare },
  { title: 'the first PC comes back, and one more joins', when: (plan) => plan.returns, run: startAgain },
  { title: 'the logs of every node are read', run: readLogs },
  { title: 'the nodes are shut down from inside', run: shutDown },
];

/** Where the comparison's list lies in a guest: memory, not the disk image. */
const MANIFEST_PATH = '/run/viver-lab.sha256';

async function startFirst(demo: Demonstration): Promise<void> {
  await bootAll(demo, [await demo.start(demo.plan.first)], inspect);
}

async function startDiskless(demo: Demonstration): Promise<void> {
  await bootAll(demo, await Promise.all(demo.plan.diskless.map((machine) => demo.start(machine))), inspect);
}

/** What must hold right after a boot. */
async function inspect(demo: Demonstration, node: Node): Promise<void> {
  await checkRoot(demo, node);
  if (node.machine.description.medium.kind !== 'none') return;
  await demo.check(`${node.label} has memory left`, async () => {
    const field = await demo.refresh(node);
    const { stdout } = await node.machine.agent.shell('cat /proc/meminfo');
    return judgeMemory(stdout, heldBytes(field), LEAST_AVAILABLE_MIB);
  });
}

async function compareAll(demo: Demonstration, nodes: readonly Node[]): Promise<void> {
  await Promise.all(nodes.map((node) => compare(demo, node, '')));
}

async function compare(demo: Demonstration, node: Node, when: string): Promise<void> {
  const { agent } = node.machine;
  demo.view.activity(node.label, `comparing ${demo.image.files} files`);
  const startedMs = performance.now();
  await demo.check(`${node.label} sees every file as it was${when}`, async () => {
    await agent.writeFile(MANIFEST_PATH, Buffer.from(demo.image.manifest));
    const command = ['-c', COMPARE_SCRIPT, 'sh', MANIFEST_PATH];
    const { status, stdout } = await agent.run('/bin/sh', command, { timeoutMs: LIMITS.compare * 1000 });
    const verdict = judgeComparison(status, stdout, demo.image.files);
    await demo.refresh(node);
    return { ...verdict, detail: `${verdict.detail} (${((performance.now() - startedMs) / 1000).toFixed(0)} s)` };
  });
  demo.view.activity(node.label, '');
}

/** The cut is fair when the nodes that stay hold every block between them. */
async function waitWholeCopy(demo: Demonstration): Promise<void> {
  await demo.check('the diskless nodes hold the whole image between them', async () => {
    const deadline = performance.now() + LIMITS.wholeCopy * 1000;
    for (;;) {
      const fields = await Promise.all(demo.diskless.map((node) => demo.refresh(node)));
      const copies = Math.min(...fields.map((field) => field.copies.min));
      const held = fields.map((field) => `${field.held}/${field.pieces}`).join(' + ');
      if (copies >= 1) return { ok: true, detail: `${held} pieces, each block at least ${copies} times` };
      if (performance.now() > deadline) return { ok: false, detail: `${held} pieces after ${LIMITS.wholeCopy} s` };
      await delay(2000);
    }
  });
}

async function cutAndCompare(demo: Demonstration): Promise<void> {
  await demo.refresh(demo.node('first'));
  const before = new Map(demo.diskless.map((node) => [node.label, node.field ? bytesFromPeers(node.field) : 0]));
  await demo.node('first').machine.cutPower();
  demo.view.note('     first is off');
  const compared = demo.diskless.map(async (node) => {
    await node.machine.agent.shell('sync; echo 3 >/proc/sys/vm/drop_caches');
    await compare(demo, node, ' without the first PC');
  });
  await Promise.all(compared);
  if (demo.diskless.length > 1) await checkPeersServed(demo, before);
}

/** No node can hold the image alone in this plan, so what was read again came from other diskless nodes. */
async function checkPeersServed(demo: Demonstration, before: ReadonlyMap<string, number>): Promise<void> {
  for (const node of demo.diskless) {
    await demo.check(`${node.label} was served by the other diskless nodes`, () => {
      const got = (node.field ? bytesFromPeers(node.field) : 0) - (before.get(node.label) ?? 0);
      return { ok: got > 0, detail: `${(got / 2 ** 20).toFixed(0)} MiB since the cut` };
    });
  }
}

async function startAgain(demo: Demonstration): Promise<void> {
  const again = await demo.start(demo.plan.first, 'first-again');
  await bootAll(demo, [again], inspect);
  await demo.check('first-again joins what is there', async () => {
    const wanted = demo.plan.diskless.length;
    const deadline = performance.now() + LIMITS.join * 1000;
    for (;;) {
      const { peers } = await demo.refresh(again);
      if (peers.length >= wanted) return { ok: true, detail: `${peers.length} peers` };
      if (performance.now() > deadline) return { ok: false, detail: `${peers.length} peers, ${wanted} expected` };
      await delay(2000);
    }
  });
  const late = await Promise.all(demo.plan.late.map((machine) => demo.start(machine)));
  await bootAll(demo, late, inspect);
  await compareAll(demo, late);
}
