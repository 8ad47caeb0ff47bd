// What a check of a base rune is: one thing that must be true inside a booted guest. All checks of a system share one boot of a first PC and of a diskless
// one, so a check leaves the guest as it found it, or says so.

import type { GuestResult } from '../../../lab/guest-agent.ts';
import type { BenchKeys } from './medium.ts';
import type { DebianVersion } from './systems.ts';

export type GuestName = 'first' | 'node';

/** What checks use of a machine; a virtual one is such (lab/running-machine.ts), a system in namespaces too (userland.ts). */
export interface GuestMachine {
  readonly agent: {
    shell(script: string, timeoutMs?: number): Promise<GuestResult>;
    writeFile(path: string, content: Uint8Array): Promise<void>;
  };
}

export interface Guest {
  readonly name: GuestName;
  readonly version: DebianVersion;
  readonly machine: GuestMachine;
  /** The machine that it shares the room with. */
  readonly other: GuestMachine;
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
  /** Needs no devices, no kernel of its own and nothing of the initrd: base-runes-userland.slow.test.ts has it too. */
  readonly inUserland?: true;
  run(guest: Guest): Promise<void>;
}
