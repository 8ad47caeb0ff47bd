// What a check of a base rune is: one thing that must be true inside a booted guest. All checks of a system share one boot of a first PC and of a diskless
// one, so a check leaves the guest as it found it, or says so.

import type { RunningMachine } from '../../../lab/running-machine.ts';
import type { BenchKeys } from './medium.ts';
import type { DebianVersion } from './systems.ts';

export type GuestName = 'first' | 'node';

export interface Guest {
  readonly name: GuestName;
  readonly version: DebianVersion;
  readonly machine: RunningMachine;
  /** The machine that it shares the room with. */
  readonly other: RunningMachine;
  readonly keys: BenchKeys;
  /** What a script prints, without blanks at its ends; it must end well. */
  sh(script: string, timeoutMs?: number): Promise<string>;
}

export interface Check {
  readonly rune: string;
  /** What is true when the rune did its work. */
  readonly title: string;
  /** Default: both. */
  readonly on?: GuestName;
  /** Default: both. */
  readonly version?: DebianVersion;
  run(guest: Guest): Promise<void>;
}
