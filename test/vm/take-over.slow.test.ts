// The serving process is killed, in a room of virtual machines: on a diskless PC, whose root hangs on it, in the middle of a read, again and again, and while
// nobody holds what is read; on the first PC, which then has to start another one. Needs QEMU and the demonstration's Debian system.

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningMachine } from '../../lab/running-machine.ts';
import {
  BUSYBOX,
  boot,
  COMPARE_MS,
  diskless,
  expectNoHarm,
  expectSameFiles,
  type FieldRoom,
  openFieldRoom,
  sh,
} from './field-room.ts';

const TEST_MS = 900_000;

let field: FieldRoom;
let node: RunningMachine;

beforeAll(async () => {
  field = await openFieldRoom('take-over', 1.1);
  node = await boot(field.room, diskless('node-2'));
}, TEST_MS);

afterAll(() => field?.room.close());

/** Kills the serving process by builtins of a shell that does not lie on the root. @returns its id */
async function kill(machine: RunningMachine): Promise<number> {
  const script = 'read -r pid </run/viver/pid && kill -9 $pid && echo $pid';
  const { status, stdout } = await machine.agent.run(BUSYBOX, ['sh', '-c', script]);
  expect(status).toBe(0);
  return Number(stdout);
}

/** Waits for the process that comes after `killed`. */
async function waitNext(machine: RunningMachine, killed: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { stdout } = await machine.agent.run(BUSYBOX, ['cat', '/run/viver/pid']);
    if (Number(stdout) !== killed) return;
    expect(tries).toBeLessThan(90);
    await delay(1000);
  }
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
    await waitNext(node, killed);
  }
  expect(await finished()).toBe(undisturbed);
  await expectSameFiles(node, field.manifest);
  const lines = await expectNoHarm(node);
  const restarts = lines.filter((line) => /viver: the serving process ended by signal 9/.test(line));
  const takeOvers = lines.filter((line) => /viver: phase take-over: \/dev\/nbd0 is served by process/.test(line));
  expect([restarts.length, takeOvers.length]).toEqual([3, 3]);
});

test('killed with nobody in reach who holds anything, it waits, and goes on when a holder is back', {
  timeout: TEST_MS,
}, async () => {
  field.room.plug('first', false);
  const finished = await readAll(node); // what is in its own RAM goes quickly, so the kill comes at once
  await waitNext(node, await kill(node));
  await delay(10_000); // time for I/O errors to come, if any were to
  await waitNext(node, await kill(node));
  await delay(10_000);
  field.room.plug('first', true);
  expect(await finished()).toMatch(/^[0-9a-f]{64}/);
  await expectSameFiles(node, field.manifest);
  await expectNoHarm(node);
});

test('the first PC serves again after a kill: another PC starts from it', { timeout: TEST_MS }, async () => {
  const killed = await kill(field.first);
  await waitNext(field.first, killed);
  const another = await boot(field.room, diskless('node-3'));
  await expectSameFiles(another, field.manifest);
  await Promise.all([field.first, another].map(expectNoHarm));
});

test('shutting down takes no longer for it', { timeout: TEST_MS }, async () => {
  for (const machine of [field.room.machine('node-3'), node, field.first]) {
    await sh(machine, 'sync; echo 3 >/proc/sys/vm/drop_caches'); // much is to be read while systemd stops all processes
    await machine.agent.powerDown();
    expect(await machine.waitExit(60_000)).toMatchObject({ cause: 'guest' }); // systemd would wait 90 s for what it may not end
  }
});
