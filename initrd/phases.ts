// The phases of a boot as data, and the clock that says how long each took. A phase that fails names itself.

import type { PhaseTime } from '../src/control/status.ts';
import { errorLine, ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';

export interface Phase<State> {
  readonly name: string;
  /** Does the phase's work; the text is what the console says of it. */
  readonly run: (state: State) => Promise<string>;
}

/**
 * Runs the phases in order and says each on the console as `phase NAME: what came of it`. `uptimeSeconds` counts from the kernel's start.
 * Throws `BOOT_PHASE_FAILED`, which names the phase and the cause.
 */
export async function runPhases<State extends { readonly phases: PhaseTime[] }>(
  phases: readonly Phase<State>[],
  state: State,
  log: Log,
  uptimeSeconds: () => number,
): Promise<void> {
  for (const { name, run } of phases) {
    try {
      const outcome = await run(state);
      state.phases.push({ name, seconds: uptimeSeconds() });
      log.info(`phase ${name}: ${outcome}`);
    } catch (cause) {
      throw new ViverError('BOOT_PHASE_FAILED', `phase ${name} failed: ${errorLine(cause)}`, { cause });
    }
  }
}
