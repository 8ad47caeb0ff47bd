// A machine's sysfs for tests: the paths and attributes are those that a Linux 6.1 shows for such devices.

import type { FakeSys } from '../../sys/fake.ts';

/** Device paths below /sys/devices, by kernel name of the disk. */
export const DEVICE_PATHS = {
  nvme: 'pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0/nvme0n1',
  sata: 'pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda',
  ide: 'pci0000:00/0000:00:01.1/ata2/host1/target1:0:0/1:0:0:0/block/sda',
  usb: 'pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sdb',
  usbCd: 'pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host5/target5:0:0/5:0:0:0/block/sr1',
  cd: 'pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sr0',
  card: 'pci0000:00/0000:00:1c.0/0000:03:00.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0',
  virtio: 'pci0000:00/0000:00:05.0/virtio2/block/vda',
  virtioScsi: 'pci0000:00/0000:00:06.0/virtio3/host6/target6:0:0/6:0:0:0/block/sdc',
  firewire: 'pci0000:00/0000:00:08.0/fw1/fw1.0/host7/target7:0:0/7:0:0:0/block/sdd',
  raid: 'pci0000:00/0000:00:09.0/host8/target8:2:0/8:2:0:0/block/sde',
  hyperv: 'LNXSYSTM:00/LNXSYBUS:00/PNP0A03:00/device:07/VMBUS:01/f8b3/host9/target9:0:0/9:0:0:0/block/sdf',
  loop: 'virtual/block/loop0',
} as const;

export interface FakeDisk {
  readonly path: string;
  readonly sizeMegabytes?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Partition number -> size in MiB. */
  readonly partitions?: Readonly<Record<number, number>>;
}

const SECTORS_PER_MEGABYTE = 2048;

/** Adds a disk and its partitions to `sys` below `/sys`. */
export function plugIn(sys: FakeSys, disk: FakeDisk): void {
  const directory = `/sys/devices/${disk.path}`;
  const name = disk.path.slice(disk.path.lastIndexOf('/') + 1);
  const attributes = {
    size: `${(disk.sizeMegabytes ?? 1024) * SECTORS_PER_MEGABYTE}`,
    ro: '0',
    removable: '0',
    ...disk.attributes,
  };
  for (const [key, value] of Object.entries(attributes)) sys.files.set(`${directory}/${key}`, `${value}\n`);
  if (!('queue/rotational' in attributes)) sys.files.set(`${directory}/queue/rotational`, '0\n');
  sys.links.set(`/sys/class/block/${name}`, directory);
  for (const [number, megabytes] of Object.entries(disk.partitions ?? {})) {
    const partition = /\d$/.test(name) ? `${name}p${number}` : `${name}${number}`;
    sys.files.set(`${directory}/${partition}/partition`, `${number}\n`);
    sys.files.set(`${directory}/${partition}/size`, `${megabytes * SECTORS_PER_MEGABYTE}\n`);
    sys.files.set(`${directory}/${partition}/ro`, '0\n');
    sys.links.set(`/sys/class/block/${partition}`, `${directory}/${partition}`);
  }
}
