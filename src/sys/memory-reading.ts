// How much memory the machine has left, as the kernel says it: /proc/meminfo, and /proc/pressure/memory where it measures pressure (Linux 4.20,
// CONFIG_PSI; Documentation/accounting/psi.rst).

import type { Sys } from './sys.ts';

export interface MemoryReading {
  /** All RAM of the machine. */
  readonly totalBytes: number;
  /** What programs could have without swapping, by the kernel's estimate (MemAvailable). */
  readonly availableBytes: number;
  /** Per cent of the last ten seconds in which no program could go on for want of memory; undefined where the kernel does not measure it. */
  readonly stalledPercent?: number;
}

/** @throws what reading /proc/meminfo does */
export async function readMemory(sys: Sys): Promise<MemoryReading> {
  const [meminfo, pressure] = await Promise.all([
    sys.readText('/proc/meminfo'),
    sys.readText('/proc/pressure/memory').catch(() => ''), // ENOENT without PSI, EOPNOTSUPP when it is switched off
  ]);
  const stalledPercent = parseStalledPercent(pressure);
  return {
    totalBytes: parseKibibytes(meminfo, 'MemTotal') * 1024,
    availableBytes: parseKibibytes(meminfo, 'MemAvailable') * 1024,
    ...(stalledPercent === undefined ? {} : { stalledPercent }),
  };
}

/** RAM that a process has now (VmRSS, proc_pid_status(5)); undefined when there is no such process. */
export async function residentBytes(sys: Sys, processId: number): Promise<number | undefined> {
  const status = await sys.readText(`/proc/${processId}/status`).catch(() => '');
  const bytes = parseKibibytes(status, 'VmRSS') * 1024;
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** `MemAvailable:  312345 kB`; infinity where the kernel does not say it, so that nothing is taken for short. */
function parseKibibytes(meminfo: string, name: string): number {
  const number = new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, 'm').exec(meminfo)?.[1];
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
}

/** `full avg10=0.12 avg60=…`. */
function parseStalledPercent(pressure: string): number | undefined {
  const number = /^full avg10=(\d{1,3}\.\d{1,2}) /m.exec(pressure)?.[1];
  return number === undefined ? undefined : Number(number);
}
