// "Our printers' settings on every PC", done by following docs/runes.md only, in a room of virtual machines: the page's commands make the stick's folder; the
// PC with the stick and a diskless one then have the settings. Needs QEMU and the demonstration's Debian system.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { makeDebianSystem } from '../../lab/debian.ts';
import { makeImage } from '../../lab/demonstration/media.ts';
import { Room } from '../../lab/room.ts';
import { LAB_DIRECTORY, roomDirectory } from '../../lab/room-paths.ts';
import type { RunningMachine } from '../../lab/running-machine.ts';
import { silentLog } from '../../src/log.ts';
import { follow } from '../interop/docs-page.ts';
import { kit } from '../interop/kit-tree.ts';
import { boot, diskless, sh } from './field-room.ts';
import { systemKernel } from './system-kernel.ts';

const PREPARE_MS = 1_200_000;
const KERNEL_OPTIONS = 'console=ttyS0,115200 systemd.show_status=1 viver.share=50%';

let place: string;
let room: Room | undefined;
const machines = new Map<string, RunningMachine>();

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-runes-stick-'));
  await follow("How to: our printers' settings on every PC", place);
  const image = await makeImage(LAB_DIRECTORY, await makeDebianSystem(LAB_DIRECTORY, silentLog));
  const stick = join(place, 'stick.img');
  const made = kit([
    ...['media', 'create', '--image', image, '--output', stick, '--append', KERNEL_OPTIONS],
    ...['--runes', join(place, 'stick/RUNES')],
  ]);
  expect(made).toMatchObject({ status: 0 });
  const accelerator = await chooseAccelerator({
    kernel: await systemKernel(),
    directory: LAB_DIRECTORY,
    log: silentLog,
  });
  room = await Room.open({ directory: roomDirectory('runes-on-stick'), accelerator, log: silentLog });
  const first = { ...diskless('first'), nic: 'e1000', medium: { kind: 'usb', image: stick } } as const;
  machines.set('first', await boot(room, first));
  machines.set('node', await boot(room, diskless('node')));
}, PREPARE_MS);
afterAll(async () => {
  await room?.close();
  await rm(place, { recursive: true, force: true });
});

test.each(['first', 'node'])('%s has the settings, and says so', async (name) => {
  const machine = machines.get(name)!;
  expect(await sh(machine, 'cat /etc/cups/client.conf')).toBe('ServerName print.school.example');
  expect(await sh(machine, 'cat /etc/cups/lpoptions')).toBe('Default room-3');
  expect(await sh(machine, 'journalctl -b --no-pager | grep printers:')).toContain(
    'runes/printers: prints on room-3 of print.school.example',
  );
});
