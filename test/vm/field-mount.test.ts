// `viver field join --mount` by the kernel's own nbd, in a guest whose kernel has the module: seed and join there, files compared, SIGTERM. Needs QEMU,
// busybox-static, cpio, root, and the demonstration's Debian system, which is made when it is missing.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOT_LOADERS, stageRuntime } from '../../build/runtime/stage.ts';
import { chooseAccelerator } from '../../lab/accelerator.ts';
import { Room } from '../../lab/room.ts';
import { silentLog } from '../../src/log.ts';
import { kit, makeTree } from '../interop/kit-tree.ts';
import { systemKernel } from './system-kernel.ts';

const RUN_MS = 200_000;
const MODULES = ['kernel/fs/squashfs/squashfs.ko', 'kernel/drivers/block/nbd.ko'];
/** What the guest does, as a shell script; what it says is looked at here. */
const SCRIPT = `#!/bin/sh
export PATH=/bin HOME=/
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
exec > /dev/ttyS0 2>&1
ifconfig lo 127.0.0.1 up
viver="node --disable-warning=ExperimentalWarning /app/src/control/main.js field"
$viver seed /room.viver --listen 127.0.0.1:6881 --no-discover > /run/seed &
until grep -q ^magnet /run/seed; do sleep 1; done
$viver join "$(sed -n 's/^magnet *//p' /run/seed)" --listen 127.0.0.1:0 --no-discover --share 4M --mount /mnt > /run/join & join=$!
until grep -q ^mount /run/join || ! kill -0 $join; do sleep 1; done
cat /run/join
grep ' /mnt ' /proc/mounts
test -e /sys/block/nbd0/pid && echo device: attached
cd /mnt && sha256sum -c /sums && echo files: right; cd /
kill $join; wait $join; echo ended: $?
grep -q ' /mnt ' /proc/mounts || echo mount: gone
test -e /sys/block/nbd0/pid || echo device: detached
ls /run/viver
echo done
poweroff -f
`;

let folder: string;
let kernel: string;
let initrd: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-field-mount-'));
  kernel = await systemKernel();
  const root = join(folder, 'root');
  const sources = {
    project: join(import.meta.dirname, '../..'),
    node: process.execPath,
    busybox: '/bin/busybox',
    bootLoaders: '/usr/lib/ipxe',
  };
  await stageRuntime(root, sources, silentLog);
  for (const loader of BOOT_LOADERS) rmSync(join(root, 'boot', loader));
  addModules(root);
  addImage(root);
  writeFileSync(join(root, 'init'), SCRIPT, { mode: 0o755 });
  execFileSync('mknod', [join(root, 'dev/console'), 'c', '5', '1']);
  initrd = join(folder, 'guest.cpio');
  execFileSync('sh', ['-c', `find . | cpio --quiet -o -H newc > ${initrd}`], { cwd: root });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The two drivers, and a table from which modprobe learns where they are: neither needs another. */
function addModules(root: string): void {
  const release = /vmlinuz-(.*)$/.exec(kernel)![1]!;
  const source = join(kernel, '../../lib/modules', release);
  const dependencies = readFileSync(join(source, 'modules.dep'), 'utf8');
  for (const path of MODULES) {
    expect(dependencies).toContain(`${path}:\n`);
    mkdirSync(join(root, 'modules', release, dirname(path)), { recursive: true });
    copyFileSync(join(source, path), join(root, 'modules', release, path));
  }
  writeFileSync(join(root, 'modules', release, 'modules.dep'), MODULES.map((path) => `${path}:\n`).join(''));
}

function addImage(root: string): void {
  const tree = join(folder, 'tree');
  makeTree(tree);
  const image = ['--root', tree, '--output', join(root, 'room.viver')];
  expect(kit(['image', 'create', ...image])).toMatchObject({ status: 0 });
  const files = ['opt/noise', 'usr/share/one', 'etc/fstab', 'home/user/file'];
  writeFileSync(join(root, 'sums'), execFileSync('sha256sum', files, { cwd: tree }));
}

test(
  "the kernel's nbd is loaded, attached, mounted, read and left",
  async () => {
    const accelerator = await chooseAccelerator({ kernel, directory: folder, log: silentLog });
    const room = await Room.open({ directory: join(folder, basename(folder)), accelerator, log: silentLog });
    let serial = '';
    try {
      const machine = await room.add({
        name: 'host',
        firmware: 'bios',
        nic: 'e1000',
        medium: { kind: 'none' },
        memoryMiB: 1024,
        kernel: { image: kernel, initrd, commandLine: 'console=ttyS0 quiet panic=-1' },
      });
      machine.on('serial', (chunk) => {
        serial += Buffer.from(chunk).toString('latin1').replaceAll('\r', '');
      });
      await machine.waitExit(RUN_MS);
    } finally {
      await room.close();
    }
    expect(serial).toContain("mount      /mnt by the kernel's nbd\n");
    expect(serial).toContain('/dev/nbd0 /mnt squashfs ro');
    for (const line of ['device: attached', 'files: right', 'ended: 0', 'mount: gone', 'device: detached', 'done']) {
      expect(serial.split('\n')).toContain(line);
    }
  },
  RUN_MS + 20_000,
);
