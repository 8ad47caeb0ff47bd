// A virtual machine as data, and the QEMU command line that makes it (qemu-system(1)). Pure. Everything between a machine and the room
// (monitor, guest agent, network) goes over inherited descriptors: no path to clash, nothing left on disk, and all of it ends together.

import { fileURLToPath } from 'node:url';
import { ViverError } from '../src/errors.ts';

export const FIRMWARES = ['bios', 'uefi'] as const;
export type Firmware = (typeof FIRMWARES)[number];

export const MEDIUM_KINDS = ['usb', 'disk', 'cd', 'none'] as const;
export type Medium = { readonly kind: 'none' } | { readonly kind: 'usb' | 'disk' | 'cd'; readonly image: string };

/** NIC models with a PXE ROM, by the name of QEMU's device: the values are what `-device` wants. */
export const NICS = {
  virtio: 'virtio-net-pci',
  e1000: 'e1000',
  e1000e: 'e1000e',
  rtl8139: 'rtl8139',
  vmxnet3: 'vmxnet3',
  pcnet: 'pcnet',
  ne2k_pci: 'ne2k_pci',
  i82559er: 'i82559er',
} as const;
export type Nic = keyof typeof NICS;

export interface MachineDescription {
  readonly name: string;
  readonly firmware: Firmware;
  readonly medium: Medium;
  readonly nic: Nic;
  readonly memoryMiB: number;
  /** Built-in SATA disks, raw images. Like media they are never written to. */
  readonly disks?: readonly string[];
  /** A graphics card, by the name of QEMU's device; nobody looks at it. */
  readonly graphics?: 'VGA' | 'cirrus-vga' | 'virtio-vga';
  /** A second card, on a network of the machine's own with QEMU's DHCP server (10.0.2.0/24). */
  readonly secondNic?: Nic;
  /** What its clock says when it is switched on, as in `-rtc base=`: `utc` or `2026-06-01T12:00:00`. */
  readonly clock?: string;
  /** Default: made from the name, so that a machine keeps its address when it is switched on again. */
  readonly mac?: string;
  /** Boots this kernel instead of firmware and medium; for tests. */
  readonly kernel?: { readonly image: string; readonly initrd: string; readonly commandLine: string };
  /** Instead of the room: a network of its own, with no way out but to this TCP port of the host, at GUEST_PEER there. */
  readonly hostPort?: number;
}

/** Where a machine with `hostPort` reaches it. QEMU's own network is 10.0.2.0/24, with DHCP. */
export const GUEST_PEER = '10.0.2.100:6881';
const RELAY = fileURLToPath(new URL('guest-relay.ts', import.meta.url));

export type Accelerator = 'kvm' | 'tcg';

/** Where things are on the host. */
export interface MachineFiles {
  readonly accelerator: Accelerator;
  /** Every byte of the serial line is written here too. */
  readonly serialLog: string;
  /** UEFI only: the firmware, and this machine's own copy of its variables. */
  readonly uefiCode?: string;
  readonly uefiVariables?: string;
}

/** Descriptors that QEMU inherits; 0 and 1 are the serial line. */
export const MACHINE_DESCRIPTORS = { monitor: 3, agent: 4, network: 5 } as const;

/** Translated code kept by the emulation: without a limit each machine may take a gigabyte. */
const TRANSLATION_CACHE_MIB = 256;

/** A BIOS that found nothing to boot looks again after this time, so that machines may be on before the server is. */
const BOOT_RETRY_MS = 5000;

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The arguments of qemu-system-x86_64 for one machine. @throws ViverError LAB_MACHINE for a description that can't be. */
export function qemuArguments(machine: MachineDescription, files: MachineFiles): string[] {
  assertMachine(machine);
  return [
    ...['-name', machine.name, '-machine', 'q35,graphics=off', '-nodefaults', '-no-user-config'],
    ...[
      '-display',
      'none',
      '-vga',
      'none',
      '-smp',
      '1',
      '-m',
      `${machine.memoryMiB}M`,
      '-rtc',
      `base=${machine.clock ?? 'utc'}`,
    ],
    ...acceleratorArguments(files.accelerator),
    ...firmwareArguments(machine, files),
    ...channelArguments(files),
    ...mediumArguments(machine),
    ...diskArguments(machine),
    ...(machine.graphics ? ['-device', machine.graphics] : []),
    ...networkArguments(machine),
    ...kernelArguments(machine),
  ];
}

/** A locally administered address (bit 1 of the first byte) in QEMU's range 52:54:00, from a hash of the name (FNV-1a). */
export function macOf(name: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const tail = [16, 8, 0].map((shift) => ((hash >>> shift) & 0xff).toString(16).padStart(2, '0'));
  return ['52', '54', '00', ...tail].join(':');
}

function assertMachine(machine: MachineDescription): void {
  if (!NAME_PATTERN.test(machine.name)) {
    throw new ViverError(
      'LAB_MACHINE',
      `${machine.name}: a machine's name has small letters, digits and -, 32 at most`,
    );
  }
  if (!Number.isInteger(machine.memoryMiB) || machine.memoryMiB < 64) {
    throw new ViverError('LAB_MACHINE', `${machine.name}: at least 64 MiB of memory are needed`);
  }
}

function acceleratorArguments(accelerator: Accelerator): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host'];
  return ['-accel', `tcg,thread=multi,tb-size=${TRANSLATION_CACHE_MIB}`, '-cpu', 'max'];
}

function firmwareArguments(machine: MachineDescription, files: MachineFiles): string[] {
  if (machine.firmware === 'bios') return ['-boot', `reboot-timeout=${BOOT_RETRY_MS}`];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escapeComma(files.uefiCode ?? '')}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escapeComma(files.uefiVariables ?? '')}`],
  ];
}

function channelArguments(files: MachineFiles): string[] {
  const { monitor, agent } = MACHINE_DESCRIPTORS;
  return [
    ...['-chardev', `stdio,id=serial,signal=off,logfile=${escapeComma(files.serialLog)},logappend=off`],
    ...['-serial', 'chardev:serial'],
    ...['-chardev', `socket,id=monitor,fd=${monitor}`, '-mon', 'chardev=monitor,mode=control'],
    ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,fd=${agent}`],
    ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
    ...['-device', 'virtio-rng-pci'],
  ];
}

/** Media are never written to: what a guest writes goes to a file that QEMU has already unlinked. */
function mediumArguments({ medium, kernel }: MachineDescription): string[] {
  if (medium.kind === 'none') return [];
  const file = escapeComma(medium.image);
  const drive = `if=none,id=medium,format=raw,file=${file},${medium.kind === 'cd' ? 'readonly=on' : 'snapshot=on'}`;
  const order = kernel ? '' : ',bootindex=0'; // a kernel given by itself takes the first place
  const devices = {
    usb: ['-device', 'qemu-xhci', '-device', `usb-storage,drive=medium,removable=on${order}`],
    disk: ['-device', `ide-hd,drive=medium${order}`],
    cd: ['-device', `ide-cd,drive=medium${order}`],
  };
  return ['-drive', drive, ...devices[medium.kind]];
}

function diskArguments({ disks = [] }: MachineDescription): string[] {
  return disks.flatMap((image, at) => [
    ...['-drive', `if=none,id=disk${at},format=raw,file=${escapeComma(image)},snapshot=on`],
    ...['-device', `ide-hd,drive=disk${at}`],
  ]);
}

function networkArguments(machine: MachineDescription): string[] {
  const room = `stream,id=room,server=off,addr.type=fd,addr.str=${MACHINE_DESCRIPTORS.network}`;
  const backEnd = machine.hostPort === undefined ? room : closedNetwork(machine.hostPort);
  const device = `${NICS[machine.nic]},netdev=room,mac=${machine.mac ?? macOf(machine.name)}`;
  return ['-netdev', backEnd, '-device', machine.kernel ? device : `${device},bootindex=1`, ...secondNic(machine)];
}

/** Without a ROM: nothing boots from it. */
function secondNic({ name, secondNic: model }: MachineDescription): string[] {
  if (!model) return [];
  const device = `${NICS[model]},netdev=second,romfile=,mac=${macOf(`${name}-second`)}`;
  return ['-netdev', 'user,id=second,restrict=on', '-device', device];
}

/** Each connection of the guest starts the relay, with the connection as its standard input and output. */
function closedNetwork(hostPort: number): string {
  const relay = [process.execPath, RELAY, `${hostPort}`].map(shellWord).join(' ');
  return `user,id=room,restrict=on,guestfwd=tcp:${GUEST_PEER}-cmd:${escapeComma(relay)}`;
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function kernelArguments(machine: MachineDescription): string[] {
  if (!machine.kernel) return [];
  const { image, initrd, commandLine } = machine.kernel;
  return ['-kernel', image, '-initrd', initrd, '-append', commandLine];
}

/** In QEMU's option lists a comma inside a value is doubled. */
function escapeComma(value: string): string {
  return value.replaceAll(',', ',,');
}
