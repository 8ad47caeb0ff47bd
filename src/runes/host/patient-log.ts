// The log of a foreign rune: as many lines as a person could want, and no more, so that one rune does not drown the journal of its machine.

import { createLog, type Log } from '../../log.ts';

const WINDOW_MS = 10_000;
/** Lines of one foreign rune in ten seconds; the rest is counted, and said. */
export const MAX_LOG_LINES = 200;
/** One line; the kernel's log takes about so much. */
export const MAX_LOG_CHARACTERS = 900;

/** Sends to `log` what is not too much. @param now Milliseconds of any clock. */
export function patientLog(log: Log, now: () => number = () => performance.now()): Log {
  let windowEnds = now() + WINDOW_MS;
  let lines = 0;
  return createLog(
    (level, _area, message) => {
      if (now() >= windowEnds) {
        if (lines > MAX_LOG_LINES) log.warn(`${lines - MAX_LOG_LINES} lines of its log were dropped`);
        windowEnds = now() + WINDOW_MS;
        lines = 0;
      }
      lines++;
      if (lines <= MAX_LOG_LINES) log[level](message.slice(0, MAX_LOG_CHARACTERS));
      if (lines === MAX_LOG_LINES) log.warn(`says too much: lines of the next ${WINDOW_MS / 1000} s are dropped`);
    },
    '',
    'debug',
  );
}
