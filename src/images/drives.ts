// Drives and partitions as sysfs tells of them, with what matters for choosing one: how it is attached and whether it turns.
// Source: linux Documentation/ABI/stable/sysfs-block. Reads only below the given root; owns no state.

import type { Sys } from '../sys/sys.ts';

export const TRANSPORTS = ['nvme', 'sata', 'ide', 'scsi', 'usb', 'mmc', 'firewire', 'virtio', 'other'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Drive {
  /** Kernel name, such as `sda2`. */
  readonly name: string;
  /** Device node, such as `/dev/sda2`. */
  readonly devicePath: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly removable: boolean;
  readonly rotational: boolean;
  /** A CD, DVD or BD drive. */
  readonly optical: boolean;
  readonly transport: Transport;
  /** Megabits in a second as the bus has negotiated them. */
  readonly usbSpeed?: number;
  readonly model?: string;
  /** Name of the disk that this is a partition of. */
  readonly partitionOf?: string;
  readonly hasPartitions: boolean;
}

const SECTOR_BYTES = 512; // the unit of sysfs's `size`, whatever the disk's own is
const NOT_DRIVES = /^(loop|ram|zram|nbd|dm-|fd|mtdblock|ubiblock|mmcblk\d+(boot|rpmb|gp))\d*/;
/** PCI classes of ATA controllers (linux/include/linux/pci_ids.h): 0x0101 IDE, 0x0105 ATA, 0x0106 SATA. */
const IDE_CLASS = /^0x010[15]/;

/**
 * All drives and partitions that may hold something, disks before their partitions, in the kernel's order of names.
 * @param sysRoot `/sys`, or a copy of one.
 */
export async function listDrives(sys: Sys, sysRoot: string, devRoot: string): Promise<Drive[]> {
  const names = (await sys.list(`${sysRoot}/class/block`)).filter((name) => !NOT_DRIVES.test(name));
  const drives = await Promise.all(names.map((name) => readDrive(sys, sysRoot, devRoot, name)));
  return drives.filter((drive) => drive !== undefined).sort(byName);
}

/** `sda2: 512 MiB, usb 480, removable` for logs. */
export function formatDrive(drive: Drive): string {
  const traits = [
    drive.optical ? 'cd' : '',
    drive.transport,
    drive.usbSpeed ? `${drive.usbSpeed} Mbit/s` : '',
    drive.rotational && !drive.optical && drive.transport !== 'usb' ? 'rotational' : '',
    drive.removable ? 'removable' : '',
    drive.model ?? '',
  ].filter(Boolean);
  return `${drive.name}: ${Math.round(drive.sizeBytes / 2 ** 20)} MiB, ${traits.join(', ')}`;
}

async function readDrive(sys: Sys, sysRoot: string, devRoot: string, name: string): Promise<Drive | undefined> {
  const own = await sys.realPath(`${sysRoot}/class/block/${name}`);
  if (!own) return undefined; // it went away while we looked
  const isPartition = await sys.exists(`${own}/partition`);
  const disk = isPartition ? parentOf(own) : own;
  const diskName = nameOf(disk);
  const sizeBytes = Number(await attribute(sys, own, 'size')) * SECTOR_BYTES;
  const hidden = (await attribute(sys, disk, 'hidden')) === '1'; // one path of a multipath NVMe
  if (!(sizeBytes > 0) || hidden || NOT_DRIVES.test(diskName)) return undefined;
  const transport = await transportOf(sys, disk);
  const model = (await attribute(sys, disk, 'device/model')) || (await attribute(sys, disk, 'device/name'));
  return {
    name,
    devicePath: `${devRoot}/${name.replaceAll('!', '/')}`,
    sizeBytes,
    readOnly: (await attribute(sys, own, 'ro')) === '1',
    removable: (await attribute(sys, disk, 'removable')) === '1',
    rotational: (await attribute(sys, disk, 'queue/rotational')) === '1',
    optical: /^sr\d/.test(diskName),
    transport,
    ...(transport === 'usb' ? await usbSpeed(sys, disk) : {}),
    ...(model ? { model } : {}),
    ...(isPartition ? { partitionOf: diskName } : {}),
    hasPartitions: !isPartition && (await hasPartitions(sys, disk, diskName)),
  };
}

/** The way from the machine to the disk is its path in /sys/devices; the innermost bus that we know counts. */
async function transportOf(sys: Sys, disk: string): Promise<Transport> {
  if (/\/usb\d+\//.test(disk)) return 'usb';
  if (/\/nvme\//.test(disk) || /\/nvme\d/.test(disk)) return 'nvme';
  if (/\/mmc_host\//.test(disk)) return 'mmc';
  if (/\/fw\d+/.test(disk)) return 'firewire';
  if (/\/virtio\d+\/|\/vbd-\d+|\/vmbus|\/VMBUS/.test(disk)) return 'virtio';
  if (/\/ata\d+\//.test(disk)) return (await isIde(sys, disk)) ? 'ide' : 'sata';
  return /\/host\d+\//.test(disk) ? 'scsi' : 'other';
}

async function isIde(sys: Sys, disk: string): Promise<boolean> {
  const controller = disk.slice(0, disk.search(/\/ata\d+\//));
  return IDE_CLASS.test(await attribute(sys, controller, 'class'));
}

/** `speed` is an attribute of the USB device, somewhere above the disk. */
async function usbSpeed(sys: Sys, disk: string): Promise<{ usbSpeed?: number }> {
  for (let path = parentOf(disk); /\/usb\d+/.test(path); path = parentOf(path)) {
    const speed = Number(await attribute(sys, path, 'speed'));
    if (speed > 0) return { usbSpeed: speed };
  }
  return {};
}

async function hasPartitions(sys: Sys, disk: string, name: string): Promise<boolean> {
  return (await sys.list(disk)).some((entry) => entry !== name && entry.startsWith(name));
}

async function attribute(sys: Sys, directory: string, name: string): Promise<string> {
  return (await sys.readText(`${directory}/${name}`).catch(() => '')).trim();
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** sda2 before sda10. Not localeCompare: on an emulated machine the rules of a language take a third of a second to come. */
function byName(a: Drive, b: Drive): number {
  return sortKey(a.name) < sortKey(b.name) ? -1 : 1;
}

function sortKey(name: string): string {
  return name.replace(/\d+/g, (number) => number.padStart(10, '0'));
}
