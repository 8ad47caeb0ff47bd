// Sets the stage for a play and plays it: system, image, stick, room, steps. Whatever happens, the room is closed.

import { readFile, rm } from 'node:fs/promises';
import { errorLine, ViverError } from '../../src/errors.ts';
import { createLog, silentLog } from '../../src/log.ts';
import { chooseAccelerator } from '../accelerator.ts';
import { isAnswering, serveControl } from '../control.ts';
import { type DebianRecipe, makeDebianSystem } from '../debian.ts';
import { findKernel } from '../host-kernel.ts';
import { Room } from '../room.ts';
import { controlSocketPath, LAB_DIRECTORY, roomDirectory } from '../room-paths.ts';
import { roomStatus } from '../room-status.ts';
import type { Step } from './common-steps.ts';
import { LiveView } from './live-view.ts';
import { makeMedia } from './media.ts';
import { type ImageFacts, Play, type PlayPlan } from './play.ts';

/** Console lines shown of each machine when something failed. */
const LAST_LINES = 15;

export interface Script<Plan extends PlayPlan> {
  /** The room's name, for `lab console --room NAME` while it runs. */
  readonly room: string;
  /** Runs with other kernel options have other sticks. */
  readonly stickName: string;
  /** RAM that a node may give to the field, as a part of the image. */
  readonly share: number;
  /** Another system than the demonstration's, and where it, its image and its stick are kept. */
  readonly system?: { readonly directory: string; readonly recipe: DebianRecipe };
  /** Makes the folder that becomes RUNES of the stick. @returns its path */
  makeRunes?(): Promise<string>;
  plan(stick: string): Plan;
  readonly steps: readonly Step<Plan>[];
}

/** @returns the play after its last step; its room is closed. @throws ViverError LAB_* when the stage can't be set */
export async function playScript<Plan extends PlayPlan>(script: Script<Plan>): Promise<Play<Plan>> {
  if (await isAnswering(await controlSocketPath(script.room))) {
    throw new ViverError('LAB_ROOM_UP', `room ${script.room} is up: this run is under way already`);
  }
  const log = createLog((_level, _area, message) => say(message));
  const directory = script.system?.directory ?? LAB_DIRECTORY;
  const system = await makeDebianSystem(directory, log, script.system?.recipe);
  const media = await makeMedia(directory, system, script.stickName, script.share, await script.makeRunes?.());
  const image = await readImageFacts(system.manifestFile);
  say(`${media.image}: ${image.files} files in ${(media.imageBytes / 2 ** 20).toFixed(0)} MiB`);
  const room = await openRoom(script.room);
  const view = new LiveView(process.stdout, () => roomStatus(room).machines);
  const play = new Play({ plan: script.plan(media.stick), image, room, view });
  await playInRoom(play, script);
  return play;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function openRoom(name: string): Promise<Room> {
  const log = createLog((_level, _area, message) => say(message));
  const accelerator = await chooseAccelerator({ kernel: await findKernel(), directory: LAB_DIRECTORY, log });
  say(
    `machines run on ${accelerator === 'kvm' ? 'KVM' : 'emulation'}; watch one: viver-kit lab console --room ${name} NAME`,
  );
  await rm(roomDirectory(name), { recursive: true, force: true });
  return Room.open({ directory: roomDirectory(name), accelerator, log: silentLog });
}

async function playInRoom<Plan extends PlayPlan>(play: Play<Plan>, script: Script<Plan>): Promise<void> {
  const { room, view } = play;
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void room.close(); // what the steps wait for ends, and with it the run
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const control = await serveControl(room, await controlSocketPath(script.room), interrupt);
  view.start();
  await playSteps(play, script.steps, () => interrupted);
  view.stop();
  if (play.failed) say(`\n${play.lastLines(LAST_LINES)}`);
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  control.close();
  await room.close();
}

/** Steps build on each other: the first one that can't be done ends the run. */
async function playSteps<Plan extends PlayPlan>(
  play: Play<Plan>,
  steps: readonly Step<Plan>[],
  isInterrupted: () => boolean,
): Promise<void> {
  for (const step of steps.filter(({ when }) => when?.(play.plan) ?? true)) {
    play.view.step(step.title);
    try {
      await step.run(play);
    } catch (error) {
      await play.check(step.title, () => ({ ok: false, detail: errorLine(error) }));
      return;
    }
    if (isInterrupted()) {
      await play.check(step.title, () => ({ ok: false, detail: 'interrupted' }));
      return;
    }
  }
}

async function readImageFacts(manifestFile: string): Promise<ImageFacts> {
  const manifest = await readFile(manifestFile, 'utf8');
  return { manifest, files: manifest.split('\n').filter((line) => line !== '').length };
}
