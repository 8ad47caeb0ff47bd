// Two administrators' tasks, done by following docs/runes.md only, in a room of virtual machines: "our printers' settings on every PC" and "lab-07 with a name
// and an address of its own". The page's commands make the stick's folder; the PC with the stick and a diskless one then have the settings, and that one its
// name. Needs QEMU and the demonstration's Debian system.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
/** As in the how-to. */
const LAB_07 = '52:54:00:12:34:07';
const run = promisify(execFile);
const KERNEL_OPTIONS = 'console=ttyS0,115200 systemd.show_status=1 viver.share=50%';

let place: string;
let room: Room | undefined;
const machines = new Map<string, RunningMachine>();

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-runes-stick-'));
  await follow("How to: our printers' settings on every PC", place);
  await follow('How to: lab-07 with a name and an address of its own', place);
  // As its last paragraph says.
  await run('sed', ['-i', '2d', join(place, 'stick/RUNES/machines')]);
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
  machines.set('node', await boot(room, { ...diskless('node'), mac: LAB_07 }));
}, PREPARE_MS);
afterAll(async () => {
  await room?.close();
  await rm(place, { recursive: true, force: true });
});

test.each(['first', 'node'])('%s has the settings, and says so', async (name) => {
  const machine = machines.get(name)!;
  expect(await sh(machine, 'cat /etc/cups/client.conf')).toBe('ServerName print.school.example');
  expect(await sh(machine, 'cat /etc/cups/lpoptions')).toBe('Default room-4');
  expect(await sh(machine, 'journalctl -b --no-pager | grep printers:')).toContain(
    'runes/printers: prints on room-4 of print.school.example',
  );
});

test.each(['first', 'node'])('%s says what became of its runes', async (name) => {
  const machine = machines.get(name)!;
  expect(await sh(machine, 'viver runes list')).toMatch(
    /\nprinters +configure +done +medium:\/RUNES\/runes\/printers\.ts +\d+ ms; changed \/etc\/cups\/client\.conf/,
  );
  expect(await sh(machine, 'viver runes check')).toMatch(/: no fault$/);
  expect(await sh(machine, 'viver runes explain')).toContain('printer="room-4"');
});

test('lab-07 has its name and its address', async () => {
  const machine = machines.get('node')!;
  expect(await sh(machine, 'hostname')).toBe('lab-07');
  expect(await sh(machine, 'ip -4 -o address show dev eth0')).toContain('inet 10.77.0.7/24');
});
