// A diskless PC with little memory, whose programs want nearly all of it: its share of the field goes, before the out-of-memory killer comes, and returns.
// Needs QEMU and the demonstration's Debian system.

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { boot, diskless, expectNoHarm, expectSameFiles, type FieldRoom, openFieldRoom, sh } from './field-room.ts';

const TEST_MS = 900_000;
const MIB = 2 ** 20;
const STATUS = z.object({ field: z.object({ shareBytes: z.number(), held: z.number(), waitingReads: z.number() }) });

let field: FieldRoom;
let node: RunningMachine;

beforeAll(async () => {
  field = await openFieldRoom('memory', 0.75);
  node = await boot(field.room, diskless('node-2', 640));
}, TEST_MS);

afterAll(() => field?.room.close());

async function fieldOf(machine: RunningMachine): Promise<z.infer<typeof STATUS>['field']> {
  return STATUS.parse(JSON.parse(await sh(machine, 'viver status --json'))).field;
}

async function availableMiB(): Promise<number> {
  return Number(await sh(node, "awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo"));
}

test('programs take nearly all memory: the share makes room, nobody is killed, and it comes back', {
  timeout: TEST_MS,
}, async () => {
  const configured = (await fieldOf(node)).shareBytes;
  const pieces = Math.floor(configured / 131_072);
  await expect.poll(async () => (await fieldOf(node)).held, { timeout: 120_000 }).toBeGreaterThanOrEqual(pieces);
  const process = await sh(node, 'cat /run/viver/pid');

  // 40 MiB more than there are, which only the share can give. A memory file system can't be dropped, and there is no swap.
  const wanted = (await availableMiB()) + 40;
  await sh(node, 'mkdir -p /run/hog && mount -t tmpfs -o size=100% hog /run/hog');
  for (let taken = 0; taken < wanted; taken += 8) {
    await sh(node, `head -c ${8 * MIB} /dev/zero >/run/hog/${taken}`);
    await delay(500);
  }
  await expect.poll(availableMiB, { timeout: 60_000, interval: 2000 }).toBeGreaterThanOrEqual(48);
  const pressed = await fieldOf(node);
  expect(pressed.shareBytes).toBeLessThan(configured - 40 * MIB);
  await expectNoHarm(node);
  expect(await sh(node, 'systemctl is-system-running')).toBe('running');

  await sh(node, 'umount /run/hog');
  const back = async () => (await fieldOf(node)).shareBytes;
  await expect.poll(back, { timeout: 120_000, interval: 2000 }).toBeGreaterThan(pressed.shareBytes + configured / 16);
  await expectSameFiles(node, field.manifest);
  await expectNoHarm(node);
  expect(await sh(node, 'cat /run/viver/pid')).toBe(process);
});
