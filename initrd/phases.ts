// The phases of a boot: each has a name, a time and one line on the console. A phase that fails names itself.

import type { PhaseTime } from '../src/control/status.ts';
import { errorLine, ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';

export class Phases {
  /** The phases that ended, in order. */
  readonly times: PhaseTime[] = [];
  readonly #log: Log;
  readonly #uptimeSeconds: () => number;

  /** @param uptimeSeconds Seconds since the kernel's start. */
  constructor(log: Log, uptimeSeconds: () => number) {
    this.#log = log;
    this.#uptimeSeconds = uptimeSeconds;
  }

  /** Puts the phases of the process that went before in front. */
  recall(earlier: readonly PhaseTime[]): void {
    this.times.unshift(...earlier);
  }

  /** Does one phase's work and says `phase NAME: what came of it`. Throws `BOOT_PHASE_FAILED` with the phase and the cause. */
  async run<Result>(name: string, work: () => Promise<Result>, describe: (result: Result) => string): Promise<Result> {
    try {
      const result = await work();
      this.done(name, describe(result));
      return result;
    } catch (cause) {
      throw new ViverError('BOOT_PHASE_FAILED', `phase ${name} failed: ${errorLine(cause)}`, { cause });
    }
  }

  /** Notes a phase that ended by itself. */
  done(name: string, outcome: string): void {
    this.times.push({ name, seconds: this.#uptimeSeconds() });
    this.#log.info(`phase ${name}: ${outcome}`);
  }
}
