// `--mount DIR` of `viver field join`: checks before anything is begun, then the way that this machine has.

import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ViverError } from '../../errors.ts';
import type { Sys } from '../../sys/sys.ts';
import type { Field } from '../../vfield/field.ts';
import { runtimeDirectory } from '../control-place.ts';
import type { CommandContext } from '../member.ts';
import { sayFact } from '../terminal.ts';
import type { Attachment } from './attachment.ts';
import { attachByFuse, FUSE_FOLDER } from './fuse.ts';
import { attachToKernel } from './kernel.ts';
import { checkMountPoint, mountImage } from './mount.ts';
import { surveyMounting } from './survey.ts';
import { chooseMountWay, type MountWay } from './way.ts';

/** Followed by the process id. */
const SCRATCH_PREFIX = 'mount-';

/** A mount that can be made here. */
export interface MountTask {
  readonly directory: string;
  readonly way: MountWay;
  /** The way, for people. */
  readonly says: string;
}

/** @throws ViverError FIELD_CANNOT_MOUNT naming what is missing, FIELD_NO_DIRECTORY, FIELD_MOUNTED */
export async function planMount(path: string, { sys }: CommandContext): Promise<MountTask> {
  const directory = await checkMountPoint(sys, path);
  const choice = chooseMountWay(await surveyMounting(sys, process.getuid?.() === 0));
  if (choice.way !== undefined) return { directory, way: choice.way, says: choice.says };
  throw new ViverError(
    'FIELD_CANNOT_MOUNT',
    `this machine can't mount an image; missing: ${choice.missing.join('; ')}`,
  );
}

/** Mounts until `undo`. @returns where and how, for people. */
export async function startMount(
  { directory, way, says }: MountTask,
  field: Field,
  context: CommandContext,
  undo: AsyncDisposableStack,
): Promise<string> {
  const { sys, log, lifetime } = context;
  const attach = way === 'kernel' ? () => byKernel(field, context) : () => byFuse(field, context);
  const mount = await mountImage({ sys, log, directory, attach, ...lifetime });
  undo.defer(() => mount.end());
  mount.lost.then((reason) => {
    if (!lifetime.ending.aborted) lifetime.fail(new ViverError('FIELD_MOUNT_LOST', `${directory}: ${reason}`));
  });
  const words = `${directory} ${says}`;
  sayFact('mount', words);
  return words;
}

async function byKernel(field: Field, { sys, log }: CommandContext): Promise<Attachment> {
  const { attachNbdDevice, detachNbdDevice } = await import('../../sys/nbd-device.ts');
  const attach = (index: number, sizeBytes: number) => attachNbdDevice(index, sizeBytes);
  return attachToKernel(field.source, sys, log.child('nbd'), { attach, detach: detachNbdDevice });
}

async function byFuse(field: Field, { sys, log }: CommandContext): Promise<Attachment> {
  const parent = runtimeDirectory({ env: process.env, isRoot: true, processId: process.pid }) ?? tmpdir();
  await clearRemains(parent, sys);
  const effects = {
    sys,
    makeScratch: async () => {
      const scratch = join(parent, `${SCRATCH_PREFIX}${process.pid}`);
      await sys.makeDirectory(scratch);
      return scratch;
    },
    removeScratch: (path: string) => rm(path, { recursive: true, force: true }),
    sleep: (milliseconds: number) => sleep(milliseconds),
  };
  return attachByFuse(field.source, effects, log.child('nbd'));
}

/** A process that was killed leaves its nbdfuse, which ends when its mount is taken away and nobody uses it. */
async function clearRemains(parent: string, sys: Sys): Promise<void> {
  const left = (await sys.list(parent)).filter((name) => /^mount-\d+$/.test(name));
  for (const name of left) {
    if (await sys.exists(`/proc/${name.slice(SCRATCH_PREFIX.length)}`)) continue;
    await sys.run('umount', ['--lazy', join(parent, name, FUSE_FOLDER)]);
    await rm(join(parent, name), { recursive: true, force: true });
  }
}
