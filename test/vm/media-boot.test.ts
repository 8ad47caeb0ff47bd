// Media of `viver-kit media create` start a machine: BIOS and UEFI, stick and disc. The machine runs a tiny initrd that says where it came
// from. Needs QEMU, OVMF, busybox-static and the demonstration's Debian system, which is made when it is missing.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { Room } from '../../lab/room.ts';
import { TINY_GUEST_READY, writeTinyGuest } from '../../lab/tiny-guest.ts';
import { silentLog } from '../../src/log.ts';
import { kit, makeTree } from '../interop/kit-tree.ts';
import { systemKernel } from './system-kernel.ts';

const BOOT_MS = 110_000;
let folder: string;
let kernel: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-media-boot-'));
  kernel = await systemKernel();
  const image = join(folder, 'small.viver');
  const initrd = join(folder, 'initrd.img');
  // To the serial line itself: /dev/console of the default parameters is the screen.
  const script = `echo "${TINY_GUEST_READY} $(cat /proc/cmdline)" > /dev/ttyS0; sleep 1; poweroff -f`;
  await writeTinyGuest(initrd, script);
  makeTree(join(folder, 'tree'));
  for (const args of [
    ['image', 'create', '--root', join(folder, 'tree'), '--output', image],
    ...['stick.img', 'disc.iso'].map((name) => [
      ...['media', 'create', '--image', image, '--kernel', kernel, '--initrd', initrd],
      ...['--append', 'from="$this; medium"', '--output', join(folder, name)],
    ]),
  ]) {
    expect(kit(args)).toMatchObject({ status: 0 });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['bios', 'usb', 'stick.img'],
  ['bios', 'disk', 'stick.img'],
  ['bios', 'cd', 'disc.iso'],
  ['uefi', 'usb', 'stick.img'],
  ['uefi', 'cd', 'disc.iso'],
] as const)('%s from %s', async (firmware, kind, medium) => {
  const accelerator = await chooseAccelerator({ kernel, directory: folder, log: silentLog });
  const room = await Room.open({ directory: join(folder, `${firmware}-${kind}`), accelerator, log: silentLog });
  try {
    const name = `${firmware}-${kind}`;
    const machine = await room.add({
      name,
      firmware,
      nic: 'e1000',
      medium: { kind, image: join(folder, medium) },
      memoryMiB: 512,
    });
    let serial = '';
    machine.on('serial', (chunk) => {
      serial += Buffer.from(chunk).toString('latin1');
    });
    expect(await machine.waitExit(BOOT_MS)).toMatchObject({ cause: 'guest' });
    expect(serial).toContain('Viver: small (rescue shell in the initrd)');
    expect(serial).toMatch(new RegExp(`${TINY_GUEST_READY} .*console=tty0 .*"from=\\$this; medium"`));
  } finally {
    await room.close();
  }
});
