// Runs the demonstration from nothing to the report, which says whether every check held.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LAB_DIRECTORY, roomDirectory } from '../room-paths.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { type DemonstrationReport, formatReport } from './report.ts';
import { playScript, say } from './stage.ts';
import { STEPS } from './steps.ts';

const ROOM = 'demo';

/**
 * The whole demonstration.
 * @returns the report, which also lies in out/lab/report.json (report-quick.json for the quick run).
 */
export async function runDemonstration({ quick }: { quick: boolean }): Promise<DemonstrationReport> {
  const plan = quick ? quickPlan : fullPlan;
  const stickName = quick ? 'stick-quick.img' : 'stick.img';
  const play = await playScript({ room: ROOM, stickName, share: plan('').share, plan, steps: STEPS });
  const report = play.report();
  await writeFile(
    join(LAB_DIRECTORY, quick ? 'report-quick.json' : 'report.json'),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  say(
    `\n${formatReport(report)}\n\n${report.ok ? 'Every check holds.' : 'Some checks failed.'} Logs: ${roomDirectory(ROOM)}`,
  );
  return report;
}
