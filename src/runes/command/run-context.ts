// How a run on the desk reaches the terminal, and how long it serves.

import { lifetimeBySignals } from '../../field-command/lifetime.ts';
import { silentLog } from '../../log.ts';
import { LinuxSys } from '../../sys/linux.ts';
import type { RunContext } from '../desk/run.ts';

const DAY_MS = 86_400_000;

/** Standard output, and a life until Ctrl-C. */
export function runContext(): RunContext {
  const say = (text: string) => void process.stdout.write(text);
  return {
    sys: new LinuxSys(),
    say,
    untilEnded: async () => {
      const { ended } = lifetimeBySignals(silentLog);
      say('  runs; Ctrl-C ends it\n');
      // Who waits for a signal alone keeps no process alive.
      const alive = setInterval(() => {}, DAY_MS);
      await ended;
      clearInterval(alive);
    },
  };
}
