// The churn's steps, in order. Some of them act through the churn, which the second one begins.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ViverError } from '../../src/errors.ts';
import { bootAll, checkRoot, readLogs, type Step, shutDown } from '../demonstration/common-steps.ts';
import type { Verdict } from '../demonstration/judgements.ts';
import type { Play } from '../demonstration/play.ts';
import { LAB_DIRECTORY } from '../room-paths.ts';
import type { Churn, Start } from './churn.ts';
import { givenBoot } from './given-boot.ts';
import { type ChurnPlan, SAMPLE_FILES } from './plan.ts';
import type { ReadTally } from './reads.ts';

/** Diskless PCs have the numbers after the first PC's. */
const FIRST_PLACE = 2;

/** @param churnOf The churn of the play that the steps are run in. */
export function churnSteps(churnOf: (play: Play<ChurnPlan>) => Churn): readonly Step<ChurnPlan>[] {
  return [
    {
      title: 'the first PC starts from the stick',
      run: async (play) => bootAll(play, [await play.start(play.plan.first)], checkRoot),
    },
    { title: 'the diskless PCs start together', run: (play) => startTogether(churnOf(play)) },
    { title: 'one PC after the other is killed and replaced', run: (play) => killAndReplace(churnOf(play)) },
    { title: 'all that are on come up', run: (play) => waitAllUp(churnOf(play)) },
    { title: 'what was read is judged, and a sample of files read anew', run: (play) => judgeAll(churnOf(play)) },
    { title: 'the logs of every node are read', run: readLogs },
    { title: 'the nodes are shut down from inside', run: shutDown },
  ];
}

async function startTogether(churn: Churn): Promise<void> {
  const { play } = churn;
  if (play.plan.given) {
    const { agent } = play.node('first').machine;
    churn.given = await givenBoot(play.plan.stick, join(LAB_DIRECTORY, 'given-boot'), agent);
  }
  const places = Array.from({ length: play.plan.nodes }, (_, index) => FIRST_PLACE + index);
  await Promise.all(places.map((place) => churn.start(place)));
  if (!(await churn.waitUp())) throw new ViverError('LAB_BOOT', 'not every PC came up');
}

/** Any PC that is on may be hit, whether it is up or on its way. */
async function killAndReplace(churn: Churn): Promise<void> {
  const { kills, everySeconds } = churn.play.plan;
  const begun = churn.seconds;
  for (let kill = 1; kill <= kills; kill++) {
    await delay(Math.max(0, (begun + kill * everySeconds - churn.seconds) * 1000));
    const victim = churn.current[Math.floor(Math.random() * churn.current.length)];
    if (!victim) throw new ViverError('LAB_NO_MACHINE', 'no PC is on that could be killed');
    await churn.kill(victim);
    await replace(churn, victim, kill);
  }
}

/** In turn: the same PC is switched on again, with its old address; another PC, with a new one, takes its place. */
async function replace(churn: Churn, victim: Start, kill: number): Promise<void> {
  const { starts, play } = churn;
  const isSame = kill % 2 === 1;
  const place = isSame ? victim.place : Math.max(...starts.map((start) => start.place)) + 1;
  const times = starts.filter((start) => start.place === place).length + 1;
  const { node } = await churn.start(place, times === 1 ? undefined : `node-${place}-start-${times}`);
  victim.replacedBy = node.label;
  const was = victim.upSeconds === undefined ? 'on its way up' : 'up';
  play.view.note(`     ${kill}. kill: ${victim.node.label}, ${was}; ${node.label} is switched on`);
}

async function waitAllUp(churn: Churn): Promise<void> {
  const { play } = churn;
  await play.check('as many PCs are up as at the beginning', async () => {
    const areUp = await churn.waitUp();
    const up = churn.current.filter(({ upSeconds, node }) => upSeconds !== undefined && !node.machine.exit).length;
    return { ok: areUp && up === play.plan.nodes, detail: `${up} of ${play.plan.nodes}` };
  });
}

async function judgeAll(churn: Churn): Promise<void> {
  await churn.endReading();
  for (const start of churn.starts.filter(({ upSeconds }) => upSeconds !== undefined)) {
    await churn.play.check(`${start.node.label} read right while others came and went`, () =>
      readVerdict(start.reads, 0),
    );
  }
  await Promise.all(churn.current.map((start) => compareSample(churn, start)));
}

async function compareSample(churn: Churn, start: Start): Promise<void> {
  const { label } = start.node;
  churn.play.view.activity(label, 'reading a sample of files');
  await churn.play.check(`${label} sees a sample of files as they were`, async () => {
    const verdict = readVerdict(await churn.sample(start), SAMPLE_FILES);
    await churn.play.refresh(start.node);
    return verdict;
  });
  churn.play.view.activity(label, '');
}

/** @param least A PC that was killed before it had read anything has done nothing wrong; a sample without reads has shown nothing. */
function readVerdict(reads: ReadTally, least: number): Verdict {
  const { tried, wrong, failed, longestSeconds, problems } = reads;
  const counts = `${tried} files, ${wrong} wrong, ${failed} failed, the longest ${longestSeconds.toFixed(1)} s`;
  return { ok: wrong === 0 && failed === 0 && tried >= least, detail: [counts, ...problems].join('; ') };
}
