// The monitor that rune display tells the kernel of, in guests whose kernel has an emulated card: the mode is the card's first, with our EDID behind it; without
// the rune's script it is another. Needs QEMU, busybox-static and the demonstration's Debian system, which is made when it is missing.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { Room } from '../../lab/room.ts';
import { writeTinyGuest } from '../../lab/tiny-guest.ts';
import { silentLog } from '../../src/log.ts';
import { edidFirmware, loaderScript } from '../../src/runes/builtin/configure/display/edid-loader.ts';
import { timingOf } from '../../src/runes/builtin/configure/display/timing.ts';
import { systemKernel } from './system-kernel.ts';

const RUN_MS = 120_000;
const MODE = '1440x900';
/** In the order of their needs (modules.dep of Debian 12). */
const DRIVERS = ['drm', 'drm_kms_helper', 'ttm/ttm', 'drm_ttm_helper', 'drm_vram_helper', 'tiny/bochs'];
/** What the guest prints of each plug: its modes, and the maker's letters in its EDID. */
const LOOK = `
for driver in drm drm_kms_helper ttm drm_ttm_helper drm_vram_helper bochs; do insmod /bin/$driver.ko $(cat /run/$driver 2>/dev/null); done
for plug in /sys/class/drm/card*-*; do echo "plug $(basename $plug) $(cat $plug/status) first $(head -n 1 $plug/modes)"; done
for plug in /sys/class/drm/card*-*; do echo "maker $(dd if=$plug/edid bs=1 skip=8 count=2 2>/dev/null | od -An -tx1)"; done
echo done
poweroff -f
`;

let folder: string;
let kernel: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-display-'));
  kernel = await systemKernel();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function drivers(): Record<string, Uint8Array> {
  const release = /vmlinuz-(.*)$/.exec(kernel)![1]!;
  const place = join(kernel, '../../lib/modules', release, 'kernel/drivers/gpu/drm');
  return Object.fromEntries(
    DRIVERS.map((name) => [`bin/${basename(name)}.ko`, readFileSync(join(place, `${name}.ko`))]),
  );
}

/** What a guest with a standard VGA card says. @param before What it does first. */
async function look(name: string, before: string): Promise<string> {
  const initrd = join(folder, `${name}.cpio`);
  await writeTinyGuest(initrd, `mkdir -p /run /lib; ${before}\n${LOOK}`, drivers());
  const accelerator = await chooseAccelerator({ kernel, directory: folder, log: silentLog });
  const room = await Room.open({ directory: join(folder, name), accelerator, log: silentLog });
  let serial = '';
  try {
    const machine = await room.add({
      ...{ name, firmware: 'bios', nic: 'e1000', medium: { kind: 'none' }, memoryMiB: 256, graphics: 'VGA' },
      kernel: { image: kernel, initrd, commandLine: 'console=ttyS0 quiet panic=-1' },
    });
    machine.on('serial', (chunk) => {
      serial += Buffer.from(chunk).toString('latin1').replaceAll('\r', '');
    });
    await machine.waitExit(RUN_MS);
  } finally {
    await room.close();
  }
  expect(serial).toMatch(/^done$/m);
  return serial;
}

/** The script as the unit runs it, before any driver is there; the parameter as the module option has it. */
const script = loaderScript(timingOf(MODE), undefined).replace(/^#!.*\n/, '');
const option = `echo edid_firmware=${edidFirmware(undefined)} >/run/drm`;

test('the mode is the first of the card, and the monitor is ours', { timeout: RUN_MS + 20_000 }, async () => {
  const said = await look('with', `(set -e\n${script}) && ${option}`);
  expect(said).toMatch(new RegExp(`plug card\\d-Virtual-1 connected first ${MODE}$`, 'm'));
  expect(said).toMatch(/^maker\s+59 36$/m);
});

test('without it the card has its own', { timeout: RUN_MS + 20_000 }, async () => {
  const said = await look('without', 'true');
  expect(said).toMatch(/plug card\d-Virtual-1 connected first \d+x\d+$/m);
  expect(said).not.toContain(`first ${MODE}`);
  expect(said).not.toMatch(/^maker\s+59 36$/m);
});
