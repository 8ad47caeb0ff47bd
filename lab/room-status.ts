// What a room looks like at this moment, as plain data: for `lab status`, its --json, and the live view of the demonstration.

import type { Phase } from './console.ts';
import type { Accelerator } from './machine.ts';
import type { Room } from './room.ts';
import type { RunningMachine } from './running-machine.ts';

export interface MachineStatus {
  readonly name: string;
  readonly firmware: string;
  readonly nic: string;
  readonly medium: string;
  readonly memoryMiB: number;
  /** `on`, or how it went off. */
  readonly power: 'on' | 'powered off' | 'power cut' | 'failed';
  /** Since power-on, or until it went off. */
  readonly seconds: number;
  readonly phases: readonly Phase[];
  /** The line that says why the boot failed, or QEMU's own message. */
  readonly failure?: string;
  readonly serialLog: string;
}

export interface RoomStatus {
  readonly accelerator: Accelerator;
  readonly machines: readonly MachineStatus[];
}

const POWER = { guest: 'powered off', cut: 'power cut', failed: 'failed' } as const;

export function roomStatus(room: Room): RoomStatus {
  return { accelerator: room.accelerator, machines: room.machines.map(machineStatus) };
}

export function machineStatus(machine: RunningMachine): MachineStatus {
  const { name, firmware, nic, medium, memoryMiB } = machine.description;
  const failure = machine.console.failure ?? machine.exit?.message;
  return {
    name,
    firmware,
    nic,
    medium: medium.kind,
    memoryMiB,
    power: machine.exit ? POWER[machine.exit.cause] : 'on',
    seconds: Math.round(machine.seconds * 10) / 10,
    phases: machine.console.phases,
    ...(failure === undefined ? {} : { failure }),
    serialLog: machine.serialLog,
  };
}

/** One line for a person: name, what it is, where it stands. */
export function formatMachine(status: MachineStatus): string {
  const what = `${status.firmware} ${status.nic} ${status.medium}`;
  const last = status.phases.at(-1);
  const phase = last ? `${last.name} at ${last.seconds.toFixed(1)} s` : 'no sign of life yet';
  const place = status.failure ?? `${phase}${status.power === 'on' ? '' : `, ${status.power}`}`;
  return `${status.name.padEnd(12)} ${what.padEnd(20)} ${String(status.memoryMiB).padStart(5)} MiB ${status.seconds.toFixed(0).padStart(5)} s  ${place}`;
}
