// Runs the demonstration from nothing to the report: system, image, stick, room, steps. Whatever happens, the room is closed, the
// report is written, and the exit status says whether every check held.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorLine, ViverError } from '../../src/errors.ts';
import { createLog, silentLog } from '../../src/log.ts';
import { chooseAccelerator } from '../accelerator.ts';
import { isAnswering, serveControl } from '../control.ts';
import { makeDebianSystem } from '../debian.ts';
import { findKernel } from '../host-kernel.ts';
import { Room } from '../room.ts';
import { controlSocketPath, LAB_DIRECTORY, roomDirectory } from '../room-paths.ts';
import { roomStatus } from '../room-status.ts';
import { Demonstration, type ImageFacts } from './demonstration.ts';
import { LiveView } from './live-view.ts';
import { makeMedia } from './media.ts';
import { type DemonstrationPlan, fullPlan, quickPlan } from './plan.ts';
import { type DemonstrationReport, formatReport } from './report.ts';
import { STEPS } from './steps.ts';

/** Console lines shown of each machine when something failed. */
const LAST_LINES = 15;

/** The room's name, for `lab console --room demo` while it runs. */
const ROOM = 'demo';

/**
 * The whole demonstration.
 * @returns the report, which also lies in out/lab/report.json (report-quick.json for the quick run).
 */
export async function runDemonstration({ quick }: { quick: boolean }): Promise<DemonstrationReport> {
  if (await isAnswering(await controlSocketPath(ROOM))) {
    throw new ViverError('LAB_ROOM_UP', 'the demonstration is running already');
  }
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const log = createLog((_level, _area, message) => say(message));
  const system = await makeDebianSystem(LAB_DIRECTORY, log);
  const makePlan = quick ? quickPlan : fullPlan;
  const stickName = quick ? 'stick-quick.img' : 'stick.img';
  const media = await makeMedia(LAB_DIRECTORY, system, stickName, makePlan('').share);
  const image = await readImageFacts(system.manifestFile);
  say(`${media.image}: ${image.files} files in ${(media.imageBytes / 2 ** 20).toFixed(0)} MiB`);

  const accelerator = await chooseAccelerator({ kernel: await findKernel(), directory: LAB_DIRECTORY, log });
  say(
    `machines run on ${accelerator === 'kvm' ? 'KVM' : 'emulation'}; watch one: viver-kit lab console --room ${ROOM} NAME`,
  );
  await rm(roomDirectory(ROOM), { recursive: true, force: true });
  const room = await Room.open({ directory: roomDirectory(ROOM), accelerator, log: silentLog });
  const report = await playInRoom(room, makePlan(media.stick), image);
  await writeFile(
    join(LAB_DIRECTORY, quick ? 'report-quick.json' : 'report.json'),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  say(
    `\n${formatReport(report)}\n\n${report.ok ? 'Every check holds.' : 'Some checks failed.'} Logs: ${roomDirectory(ROOM)}`,
  );
  return report;
}

async function playInRoom(room: Room, plan: DemonstrationPlan, image: ImageFacts): Promise<DemonstrationReport> {
  const view = new LiveView(process.stdout, () => roomStatus(room).machines);
  const demonstration = new Demonstration({ plan, image, room, view });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void room.close(); // what the steps wait for ends, and with it the run
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const control = await serveControl(room, await controlSocketPath(ROOM), interrupt);
  view.start();
  await playSteps(demonstration, () => interrupted);
  view.stop();
  if (demonstration.failed) process.stdout.write(`\n${demonstration.lastLines(LAST_LINES)}\n`);
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  control.close();
  const report = demonstration.report();
  await room.close();
  return report;
}

/** Steps build on each other: the first one that can't be done ends the run. */
async function playSteps(demonstration: Demonstration, isInterrupted: () => boolean): Promise<void> {
  for (const step of STEPS.filter(({ when }) => when?.(demonstration.plan) ?? true)) {
    demonstration.view.step(step.title);
    try {
      await step.run(demonstration);
    } catch (error) {
      await demonstration.check(step.title, () => ({ ok: false, detail: errorLine(error) }));
      return;
    }
    if (isInterrupted()) {
      await demonstration.check(step.title, () => ({ ok: false, detail: 'interrupted' }));
      return;
    }
  }
}

async function readImageFacts(manifestFile: string): Promise<ImageFacts> {
  const manifest = await readFile(manifestFile, 'utf8');
  return { manifest, files: manifest.split('\n').filter((line) => line !== '').length };
}
