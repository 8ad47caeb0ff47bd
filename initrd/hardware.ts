// The hardware phase: the modules' squashfs comes in, devices are found and their drivers loaded.

import { ViverError } from '../src/errors.ts';
import { Hardware, type HardwareReport } from '../src/hwdetect/hardware.ts';
import { DEFAULT_SLOTS } from '../src/hwdetect/load-slots.ts';
import { parseModuleArguments } from '../src/hwdetect/module-arguments.ts';
import { decodeModuleTables } from '../src/hwdetect/module-tables.ts';
import type { Log } from '../src/log.ts';
import type { Sys } from '../src/sys/sys.ts';
import { INITRAMFS, MODULES_FILE, MODULES_MOUNT } from './handover.ts';
import type { Machine } from './machine.ts';
import { decodeManifest, type Manifest } from './manifest.ts';

/** A driver that probes longer than this goes on behind our back. */
const PATIENCE_MS = 8000;

/** Reads the manifest and refuses an initrd whose modules are for another kernel: each load would fail with a line nobody understands. */
export async function readManifest(sys: Sys, machine: Machine): Promise<Manifest> {
  const manifest = decodeManifest(await sys.readText(`${INITRAMFS}/viver/manifest.json`));
  if (manifest.kernelRelease !== machine.kernelRelease) {
    const wrong = `this initrd is for kernel ${manifest.kernelRelease}, the kernel that runs is ${machine.kernelRelease}`;
    throw new ViverError('BOOT_FOREIGN_KERNEL', wrong);
  }
  return manifest;
}

/** Finds the devices and loads what they need. What a disc that comes up late needs is loaded by later calls of `settle`. */
export async function detectHardware(sys: Sys, log: Log, machine: Machine): Promise<Hardware> {
  await sys.mount({ source: MODULES_FILE, target: MODULES_MOUNT, type: 'squashfs', options: ['ro', 'loop'] });
  const tables = decodeModuleTables(await sys.readText(`${MODULES_MOUNT}/tables.json`));
  const hardware = new Hardware({
    sys,
    sysRoot: '/sys',
    tables,
    moduleRoot: MODULES_MOUNT,
    log: log.child('hardware'),
    moduleArguments: parseModuleArguments(machine.commandLine),
    slots: { ...DEFAULT_SLOTS, quick: machine.processors > 1 ? DEFAULT_SLOTS.quick : 1 },
  });
  await hardware.settle({ patienceMs: PATIENCE_MS, urgentOnly: true });
  return hardware;
}

/** `34 devices, 21 modules loaded (…)` for the console. */
export function describeHardware(report: HardwareReport): string {
  const loaded = report.modules.filter(({ result }) => result.kind === 'loaded').map(({ name }) => name);
  const failed = report.modules.filter(({ result }) => result.kind === 'failed').map(({ name }) => name);
  const failures = failed.length > 0 ? `; no device for ${failed.join(', ')}` : '';
  return `${report.devices.length} devices, ${loaded.length} modules loaded${failures}`;
}
