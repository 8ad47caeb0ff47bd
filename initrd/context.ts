// What every phase needs: the system, the log, the machine, the wishes of the command line.

import type { Log } from '../src/log.ts';
import type { LinuxSys } from '../src/sys/linux.ts';
import type { BootOptions } from './cmdline.ts';
import type { Machine } from './machine.ts';
import type { NetworkEffects } from './network.ts';
import type { Phases } from './phases.ts';

export const SYSFS = '/sys';
/** Folder of this process that the running system sees at the same place. */
export const SHARED_RUN = '/run/viver';

export interface BootContext {
  readonly sys: LinuxSys;
  readonly log: Log;
  readonly phases: Phases;
  readonly machine: Machine;
  readonly options: BootOptions;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function networkEffects({ sys, log }: BootContext): NetworkEffects {
  return { sys, log: log.child('network'), sysRoot: SYSFS, sleep };
}
