// The churn as data: how many PCs start together, how often one of them is killed, what the others read meanwhile. Pure.

import { firstMachine } from '../demonstration/plan.ts';
import type { PlayPlan } from '../demonstration/play.ts';
import type { MachineDescription } from '../machine.ts';

export interface ChurnOptions {
  /** Diskless PCs that are on at any time. */
  readonly nodes: number;
  readonly memoryMiB: number;
  /** PCs killed, one after the other. */
  readonly kills: number;
  /** From one kill to the next. */
  readonly everySeconds: number;
  /** RAM that a node may give to the field, as a part of the image. */
  readonly share: number;
  /** Diskless PCs are given kernel and initrd instead of fetching them by PXE. */
  readonly given: boolean;
}

export interface ChurnPlan extends PlayPlan, ChurnOptions {
  /** Starts from the stick, and stays on. */
  readonly first: MachineDescription;
  readonly stick: string;
}

/** A node reads so many files at a time, then rests. */
export const ROUND = { files: 5, restSeconds: 10 } as const;

/** Files of the image that each node compares at the end. */
export const SAMPLE_FILES = 100;

/** Longest time for each thing, in seconds. Emulated PCs that boot together share the host's processors. */
export const CHURN_LIMITS = { boot: 420, bootOfEachMore: 300, round: 300, sample: 900 } as const;

/** @param stick The boot stick's file. */
export function churnPlan(options: ChurnOptions, stick: string): ChurnPlan {
  const bootSeconds = CHURN_LIMITS.boot + CHURN_LIMITS.bootOfEachMore * (options.nodes - 1);
  return { ...options, bootSeconds, stick, first: firstMachine(stick) };
}

/** The PC in place `place`; 1 is the first. */
export function disklessMachine(place: number, memoryMiB: number): MachineDescription {
  return { name: `node-${place}`, firmware: 'bios', nic: 'virtio', medium: { kind: 'none' }, memoryMiB };
}
