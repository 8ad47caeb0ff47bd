// Runs a churn from nothing to the report: a first PC that stays on, diskless PCs that start together, one of which is killed and replaced every so often.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Play } from '../demonstration/play.ts';
import { playScript, say } from '../demonstration/stage.ts';
import { LAB_DIRECTORY, roomDirectory } from '../room-paths.ts';
import { Churn } from './churn.ts';
import { type ChurnOptions, type ChurnPlan, churnPlan } from './plan.ts';
import { type ChurnReport, createChurnReport, formatChurnReport, reportStart } from './report.ts';
import { churnSteps } from './steps.ts';

const ROOM = 'churn';

/** @returns the report, which also lies in out/lab/report-churn.json. */
export async function runChurn(options: ChurnOptions): Promise<ChurnReport> {
  let churn: Churn | undefined;
  const churnOf = (play: Play<ChurnPlan>) => {
    churn ??= new Churn(play);
    return churn;
  };
  const play = await playScript({
    room: ROOM,
    stickName: 'stick-churn.img',
    share: options.share,
    plan: (stick) => churnPlan(options, stick),
    steps: churnSteps(churnOf),
  });
  const report = createChurnReport(churn?.starts.map(reportStart) ?? [], play.report().checks);
  await writeFile(join(LAB_DIRECTORY, 'report-churn.json'), `${JSON.stringify({ options, ...report }, null, 2)}\n`);
  const verdict = report.ok ? 'Every check holds.' : 'Some checks failed.';
  say(`\n${formatChurnReport(report)}\n\n${verdict} Logs: ${roomDirectory(ROOM)}`);
  return report;
}
