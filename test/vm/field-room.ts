// A room for tests of running systems: a first PC with a stick, diskless ones, and what is asked of each. The demonstration's Debian system and a stick
// with the code as it is are made when they are missing.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { type DebianRecipe, makeDebianSystem } from '../../lab/debian.ts';
import { COMPARE_SCRIPT, judgeComparison } from '../../lab/demonstration/judgements.ts';
import { makeMedia } from '../../lab/demonstration/media.ts';
import { readFieldStatus } from '../../lab/demonstration/node-status.ts';
import { findKernel } from '../../lab/host-kernel.ts';
import type { MachineDescription } from '../../lab/machine.ts';
import { Room } from '../../lab/room.ts';
import { LAB_DIRECTORY, roomDirectory } from '../../lab/room-paths.ts';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { silentLog } from '../../src/log.ts';

const BOOT_MS = 400_000;
/** The command starts a Node, which on an emulated machine among others takes a minute. */
const STATUS_MS = 300_000;
export const COMPARE_MS = 400_000;
/** Nothing that a file system over the device would have seen. A lost connection is no harm. */
const HARM = /I\/O error|SQUASHFS error|overlayfs: .*(?:fail|error)|Out of memory|oom-kill|\bBUG:|\bOops\b/i;
/** A program that needs nothing of the root, also while the root waits. */
export const BUSYBOX = '/run/busybox';

export interface FieldRoom {
  readonly room: Room;
  /** As sha256sum wrote it, of the image's files. */
  readonly manifest: string;
  readonly first: RunningMachine;
}

/** Another system than the demonstration's, and what is done to its stick. */
export interface OwnSystem {
  /** Where system, image and stick are kept. */
  readonly directory: string;
  readonly recipe: DebianRecipe;
  finishStick(stick: string): Promise<void>;
}

/** Opens a room and starts its first PC. @param share RAM that each node may give, as a part of the image. */
export async function openFieldRoom(name: string, share: number, own?: OwnSystem): Promise<FieldRoom> {
  const directory = own?.directory ?? LAB_DIRECTORY;
  const system = await makeDebianSystem(directory, silentLog, own?.recipe);
  const manifest = await readFile(system.manifestFile, 'utf8');
  const { stick } = await makeMedia(directory, system, `stick-${name}.img`, share);
  await own?.finishStick(stick);
  const kernel = await findKernel([join(system.root, 'boot')]);
  if (!kernel) throw new Error(`${system.root} has no kernel`);
  const accelerator = await chooseAccelerator({ kernel, directory: LAB_DIRECTORY, log: silentLog });
  const room = await Room.open({ directory: roomDirectory(name), accelerator, log: silentLog });
  const first = await boot(room, { ...diskless('first'), nic: 'e1000', medium: { kind: 'usb', image: stick } });
  return { room, manifest, first };
}

export function diskless(name: string, memoryMiB = 1024): MachineDescription {
  return { name, firmware: 'bios', nic: 'virtio', medium: { kind: 'none' }, memoryMiB };
}

/** Starts a machine and waits until it answers. */
export async function boot(room: Room, description: MachineDescription): Promise<RunningMachine> {
  const machine = await room.add(description);
  await machine.agent.waitReady(BOOT_MS);
  await until(() => readFieldStatus(machine.agent).then(Boolean, () => false), STATUS_MS);
  await sh(machine, `cp /proc/$(cat /run/viver/pid)/root/bin/busybox ${BUSYBOX}`);
  return machine;
}

/** Asks once a second until the answer is yes. (Vitest's `expect.poll` can't be used while a test is prepared.) */
async function until(question: () => Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await question())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${question}`);
    await delay(1000);
  }
}

/** What a script prints; it must end well. */
export async function sh(machine: RunningMachine, script: string, timeoutMs = 120_000): Promise<string> {
  const { status, stdout, stderr } = await machine.agent.shell(script, timeoutMs);
  expect({ script, status, stderr }).toMatchObject({ status: 0 });
  return stdout.trim();
}

/** Every file of the image, read anew, against what the image was made of. */
export async function expectSameFiles(machine: RunningMachine, manifest: string): Promise<void> {
  await machine.agent.writeFile('/run/manifest', Buffer.from(manifest));
  await sh(machine, 'sync; echo 3 >/proc/sys/vm/drop_caches');
  const command = ['-c', COMPARE_SCRIPT, 'sh', '/run/manifest'];
  const { status, stdout } = await machine.agent.run('/bin/sh', command, { timeoutMs: COMPARE_MS });
  expect(judgeComparison(status, stdout, manifest.trim().split('\n').length)).toMatchObject({ ok: true });
}

/** @returns the kernel's log, in which nothing speaks of harm */
export async function expectNoHarm(machine: RunningMachine): Promise<string[]> {
  const lines = (await sh(machine, 'dmesg')).split('\n');
  expect(lines.filter((line) => HARM.test(line))).toEqual([]);
  expect(lines.filter((line) => /viver: .*(?:uncaught|unhandled|does not serve)/.test(line))).toEqual([]);
  return lines;
}
