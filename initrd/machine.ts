// What the running kernel says of this machine.

import type { Sys } from '../src/sys/sys.ts';

export interface Machine {
  readonly kernelRelease: string;
  readonly commandLine: string;
  readonly ramBytes: number;
  readonly processors: number;
  /** The firmware's UUID of the machine (SMBIOS type 1), lower case. */
  readonly uuid?: string;
}

/** Reads /proc and the DMI table below `sysRoot`. */
export async function describeMachine(sys: Sys, sysRoot: string): Promise<Machine> {
  const [release, commandLine, memory, uuid] = await Promise.all([
    sys.readText('/proc/sys/kernel/osrelease'),
    sys.readText('/proc/cmdline'),
    sys.readText('/proc/meminfo'),
    sys.readText(`${sysRoot}/class/dmi/id/product_uuid`).catch(() => ''),
  ]);
  const ramKibibytes = Number(/^MemTotal:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0);
  return {
    kernelRelease: release.trim(),
    commandLine: commandLine.trim(),
    ramBytes: ramKibibytes * 1024,
    processors: navigator.hardwareConcurrency,
    ...(uuid.trim() ? { uuid: uuid.trim().toLowerCase() } : {}),
  };
}

/** Seconds since the kernel started, to the millisecond; the clock of the kernel's log. */
export function uptimeSeconds(): number {
  // CLOCK_MONOTONIC stands still only while the machine sleeps, which nobody does while booting.
  return Number(process.hrtime.bigint() / 1_000_000n) / 1000;
}
