import { describe, expect, test } from 'vitest';
import { FakeSys } from '../sys/fake.ts';
import { type Drive, formatDrive, listDrives } from './drives.ts';
import { DEVICE_PATHS, type FakeDisk, plugIn } from './testdata/machine.ts';

async function drivesOf(...disks: FakeDisk[]): Promise<Drive[]> {
  const sys = new FakeSys();
  for (const disk of disks) plugIn(sys, disk);
  return await listDrives(sys, '/sys', '/dev');
}

describe('listDrives', () => {
  test.each([
    ['nvme', 'nvme'],
    ['sata', 'sata'],
    ['usb', 'usb'],
    ['cd', 'sata'],
    ['usbCd', 'usb'],
    ['card', 'mmc'],
    ['virtio', 'virtio'],
    ['virtioScsi', 'virtio'],
    ['firewire', 'firewire'],
    ['raid', 'scsi'],
    ['hyperv', 'virtio'],
  ] as const)('%s is attached by %s', async (device, transport) => {
    const [drive] = await drivesOf({ path: DEVICE_PATHS[device] });
    expect(drive).toMatchObject({ transport, optical: device === 'cd' || device === 'usbCd' });
  });

  test('IDE is told from SATA by the class of its controller', async () => {
    const sys = new FakeSys({ '/sys/devices/pci0000:00/0000:00:01.1/class': '0x01018a\n' });
    plugIn(sys, { path: DEVICE_PATHS.ide });
    expect((await listDrives(sys, '/sys', '/dev'))[0]?.transport).toBe('ide');
  });

  test('the speed of USB is that of the device, not of the disk', async () => {
    const sys = new FakeSys({ '/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/speed': '5000\n' });
    plugIn(sys, { path: DEVICE_PATHS.usb, attributes: { removable: '1', 'device/model': 'Flash Disk' } });
    const [drive] = await listDrives(sys, '/sys', '/dev');
    expect(formatDrive(drive!)).toBe('sdb: 1024 MiB, usb, 5000 Mbit/s, removable, Flash Disk');
  });

  test('partitions know their disk and share what it is', async () => {
    const drives = await drivesOf({
      path: DEVICE_PATHS.sata,
      attributes: { 'queue/rotational': '1' },
      partitions: { 1: 100, 2: 500, 10: 7 },
    });
    expect(drives.map(({ name, partitionOf, hasPartitions }) => [name, partitionOf, hasPartitions])).toEqual([
      ['sda', undefined, true],
      ['sda1', 'sda', false],
      ['sda2', 'sda', false],
      ['sda10', 'sda', false],
    ]);
    expect(drives[2]).toMatchObject({ rotational: true, devicePath: '/dev/sda2', sizeBytes: 500 * 2 ** 20 });
  });

  test('partitions of disks whose name ends in a digit', async () => {
    const drives = await drivesOf({ path: DEVICE_PATHS.nvme, partitions: { 1: 100 } });
    expect(drives.map(({ name }) => name)).toEqual(['nvme0n1', 'nvme0n1p1']);
    expect(drives[0]?.hasPartitions).toBe(true);
  });

  test('what is no drive is passed over', async () => {
    const drives = await drivesOf(
      { path: DEVICE_PATHS.loop },
      { path: 'virtual/block/zram0' },
      { path: 'virtual/block/dm-0' },
      { path: 'virtual/block/nbd0' },
      { path: 'platform/floppy.0/block/fd0' },
      { path: DEVICE_PATHS.cd, sizeMegabytes: 0 },
      { path: `${DEVICE_PATHS.card}boot0` },
      { path: DEVICE_PATHS.nvme, attributes: { hidden: '1' } },
    );
    expect(drives).toEqual([]);
  });

  test('a drive that went away while we look is passed over', async () => {
    const sys = new FakeSys();
    sys.links.set('/sys/class/block/sdz', '/sys/devices/gone/sdz');
    expect(await listDrives(sys, '/sys', '/dev')).toEqual([]);
  });
});
