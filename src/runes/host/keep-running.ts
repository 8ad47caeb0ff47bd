// The runes that serve the room come back when their thread has ended: DHCP, TFTP and HTTP of a whole room hang on it. Each end is said; a thread that keeps
// ending is given up, visibly, so that it does not take the processor from the machine. Owns which thread is the present one.

import { errorLine } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { RuneStatus, StartReport } from './options.ts';
import type { RunningRunes } from './start.ts';

/** Pauses before the next tries; after the last of them the runes are given up. */
export const RESTART_PAUSES_MS = [1_000, 3_000, 10_000, 30_000, 60_000] as const;
/** A thread that lived so long was sound; its end counts as the first. */
const SOUND_MS = 600_000;

const NOTHING: StartReport = { started: [], setAside: [], faults: [] };

/** Starts the runes once; told when they have ended though nobody stopped them. */
export type StartRunes = (onEnded: (reason: string) => void) => Promise<RunningRunes>;

/** Starts the runes, and again when they end by themselves. Never rejects: what fails is in the report, and tried again. */
export async function keepRunning(start: StartRunes, log: Log): Promise<RunningRunes> {
  const keeper = new Keeper(start, log);
  await keeper.begin();
  return keeper;
}

class Keeper implements RunningRunes {
  readonly #start: StartRunes;
  readonly #log: Log;
  #present: RunningRunes | undefined;
  #report: StartReport = NOTHING;
  /** As it was asked last; what is told while no thread runs. */
  #known: RuneStatus[] = [];
  #why = '';
  #ends = 0;
  #began = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(start: StartRunes, log: Log) {
    this.#start = start;
    this.#log = log;
  }

  get report(): StartReport {
    return this.#report;
  }

  async begin(): Promise<void> {
    this.#began = performance.now();
    let hasEnded = false;
    const ended = (reason: string) => {
      if (hasEnded) return;
      hasEnded = true;
      this.#ended(reason);
    };
    try {
      const runes = await this.#start(ended);
      this.#report = runes.report;
      if (this.#isStopped) await runes.stop();
      else if (!hasEnded) this.#present = runes;
      this.#known = await runes.status();
    } catch (error) {
      ended(errorLine(error));
      this.#report = { ...this.#report, faults: [...this.#report.faults, this.#why] };
    }
  }

  async status(): Promise<RuneStatus[]> {
    const asked = await this.#present?.status().catch(() => undefined);
    if (asked) this.#known = asked;
    return asked ?? this.#known.map((rune) => ({ ...rune, state: 'stopped', reason: this.#why }));
  }

  meet(addresses: readonly string[]): void {
    this.#present?.meet(addresses);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const runes = this.#present;
    this.#present = undefined;
    await runes?.stop();
  }

  #ended(reason: string): void {
    this.#present = undefined;
    if (this.#isStopped) return;
    this.#ends = performance.now() - this.#began >= SOUND_MS ? 1 : this.#ends + 1;
    const pause = RESTART_PAUSES_MS[this.#ends - 1];
    const next =
      pause === undefined
        ? `it has ended ${this.#ends} times and is not started again`
        : `it is started again in ${pause / 1000} s`;
    this.#why = `${reason}; ${next}`;
    this.#log.error(`${this.#why}; the field goes on`);
    if (pause !== undefined) this.#timer = setTimeout(() => void this.begin(), pause);
  }
}
