// The serving process is killed, in a room of virtual machines: on a diskless PC, whose root hangs on it, in the middle of a read, again and again, and while
// nobody holds what is read; on the first PC, which then has to start another one. Needs QEMU and the demonstration's Debian system.

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { makeDebianSystem } from '../../lab/debian.ts';
import { COMPARE_SCRIPT, judgeComparison } from '../../lab/demonstration/judgements.ts';
import { makeMedia } from '../../lab/demonstration/media.ts';
import { readFieldStatus } from '../../lab/demonstration/node-status.ts';
import type { MachineDescription } from '../../lab/machine.ts';
import { Room } from '../../lab/room.ts';
import { LAB_DIRECTORY, roomDirectory } from '../../lab/room-paths.ts';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { silentLog } from '../../src/log.ts';
import { systemKernel } from './system-kernel.ts';

const BOOT_MS = 400_000;
const COMPARE_MS = 400_000;
const TEST_MS = 900_000;
/** Nothing that a file system over the device would have seen. A lost connection is what this test makes. */
const HARM = /I\/O error|SQUASHFS error|overlayfs: .*(?:fail|error)|Out of memory|\bBUG:|\bOops\b/i;
/** A program that needs nothing of the root, also while the root waits. */
const BUSYBOX = '/run/busybox';

let room: Room;
let first: RunningMachine;
let node: RunningMachine;
let manifest: string;

beforeAll(async () => {
  const system = await makeDebianSystem(LAB_DIRECTORY, silentLog);
  manifest = await readFile(system.manifestFile, 'utf8');
  const { stick } = await makeMedia(LAB_DIRECTORY, system, 'stick-take-over.img', 1.1);
  const kernel = await systemKernel();
  const accelerator = await chooseAccelerator({ kernel, directory: LAB_DIRECTORY, log: silentLog });
  room = await Room.open({ directory: roomDirectory('take-over'), accelerator, log: silentLog });
  first = await boot({ ...diskless('first'), nic: 'e1000', medium: { kind: 'usb', image: stick } });
  node = await boot(diskless('node-2'));
}, TEST_MS);

afterAll(() => room?.close());

function diskless(name: string): MachineDescription {
  return { name, firmware: 'bios', nic: 'virtio', medium: { kind: 'none' }, memoryMiB: 1024 };
}

async function boot(description: MachineDescription): Promise<RunningMachine> {
  const machine = await room.add(description);
  await machine.agent.waitReady(BOOT_MS);
  await expect
    .poll(
      () =>
        readFieldStatus(machine.agent).then(
          () => true,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
  await sh(machine, `cp /proc/$(cat /run/viver/pid)/root/bin/busybox ${BUSYBOX}`);
  return machine;
}

/** What a script prints; it must end well. */
async function sh(machine: RunningMachine, script: string, timeoutMs = 120_000): Promise<string> {
  const { status, stdout, stderr } = await machine.agent.shell(script, timeoutMs);
  expect({ script, status, stderr }).toMatchObject({ status: 0 });
  return stdout.trim();
}

/** Kills the serving process by builtins of a shell that does not lie on the root. @returns its id */
async function kill(machine: RunningMachine): Promise<number> {
  const script = 'read -r pid </run/viver/pid && kill -9 $pid && echo $pid';
  const { status, stdout } = await machine.agent.run(BUSYBOX, ['sh', '-c', script]);
  expect(status).toBe(0);
  return Number(stdout);
}

/** Waits for the process that comes after `killed`, until it answers. */
async function waitTakenOver(machine: RunningMachine, killed: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const next = Number(await sh(machine, 'cat /run/viver/pid'));
    const status = next === killed ? undefined : await readFieldStatus(machine.agent).catch(() => undefined);
    if (status) return;
    expect(tries).toBeLessThan(60);
    await delay(1000);
  }
}

/** Every file of the image, read anew, against what the image was made of. */
async function expectSameFiles(machine: RunningMachine): Promise<void> {
  await machine.agent.writeFile('/run/manifest', Buffer.from(manifest));
  await sh(machine, 'sync; echo 3 >/proc/sys/vm/drop_caches');
  const command = ['-c', COMPARE_SCRIPT, 'sh', '/run/manifest'];
  const { status, stdout } = await machine.agent.run('/bin/sh', command, { timeoutMs: COMPARE_MS });
  expect(judgeComparison(status, stdout, manifest.trim().split('\n').length)).toMatchObject({ ok: true });
}

async function expectNoHarm(machine: RunningMachine): Promise<string[]> {
  const lines = (await sh(machine, 'dmesg')).split('\n');
  expect(lines.filter((line) => HARM.test(line))).toEqual([]);
  expect(lines.filter((line) => /viver: .*(?:uncaught|unhandled|does not serve)/.test(line))).toEqual([]);
  return lines;
}

/** Reads the whole image's files in the background, with nothing of them in memory. @returns what waits for its end */
async function readAll(machine: RunningMachine): Promise<() => Promise<string>> {
  await sh(machine, 'sync; echo 3 >/proc/sys/vm/drop_caches');
  await sh(machine, '(cd /run/viver/image && tar cf - . | sha256sum; echo "ended $?") >/run/read.log 2>&1 &');
  return async () => {
    await expect
      .poll(() => sh(machine, 'cat /run/read.log'), { timeout: COMPARE_MS, interval: 2000 })
      .toMatch('ended 0');
    return sh(machine, 'cat /run/read.log');
  };
}

test('a diskless node goes on after each kill of its process, also in the middle of reading', {
  timeout: TEST_MS,
}, async () => {
  const undisturbed = await (await readAll(node))();
  const finished = await readAll(node);
  for (let kills = 1; kills <= 3; kills++) {
    await delay(2000); // a part has been read
    const killed = await kill(node);
    await waitTakenOver(node, killed);
  }
  expect(await finished()).toBe(undisturbed);
  await expectSameFiles(node);
  const lines = await expectNoHarm(node);
  const restarts = lines.filter((line) => /viver: the serving process ended by signal 9/.test(line));
  const takeOvers = lines.filter((line) => /viver: phase take-over: \/dev\/nbd0 is served by process/.test(line));
  expect([restarts.length, takeOvers.length]).toEqual([3, 3]);
});

test('killed with nobody in reach who holds anything, it waits, and goes on when a holder is back', {
  timeout: TEST_MS,
}, async () => {
  room.plug('first', false);
  const finished = await readAll(node); // what is in its own RAM goes quickly, so the kill comes at once
  await kill(node);
  await delay(20_000); // time for I/O errors to come, if any were to
  await kill(node);
  await delay(10_000);
  room.plug('first', true);
  expect(await finished()).toMatch(/^[0-9a-f]{64}/);
  await expectSameFiles(node);
  await expectNoHarm(node);
});

test('the first PC serves again after a kill: another PC starts from it', { timeout: TEST_MS }, async () => {
  const killed = await kill(first);
  await waitTakenOver(first, killed);
  const another = await boot(diskless('node-3'));
  await expectSameFiles(another);
  await Promise.all([first, another].map(expectNoHarm));
});

test('shutting down takes no longer for it', { timeout: TEST_MS }, async () => {
  for (const machine of [room.machine('node-3'), node, first]) {
    await machine.agent.powerDown();
    expect(await machine.waitExit(60_000)).toMatchObject({ cause: 'guest' }); // systemd would wait 90 s for what it may not end
  }
});
