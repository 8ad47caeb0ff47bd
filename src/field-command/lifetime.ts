// How long a command in the foreground lives: until a signal, or until what it serves has died.

import type { Log } from '../log.ts';

export interface Lifetime {
  /** The first signal, or `fail`. */
  readonly ending: AbortSignal;
  /** The second signal: whoever sends it does not want to wait. */
  readonly hurry: AbortSignal;
  /** Resolves when `ending` has come; rejects with what `fail` was given. */
  readonly ended: Promise<void>;
  /** Ends the command with an error. */
  fail(reason: Error): void;
}

/** Listens for SIGINT, SIGTERM and SIGHUP from now on. */
export function lifetimeBySignals(log: Log): Lifetime {
  const ending = new AbortController();
  const hurry = new AbortController();
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  ended.catch(() => {}); // it may fail before anybody waits for it
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) hurry.abort();
      else log.info(`${name}: ends`);
      ending.abort();
      resolve();
    });
  }
  const fail = (reason: Error): void => {
    reject(reason);
    ending.abort();
  };
  return { ending: ending.signal, hurry: hurry.signal, ended, fail };
}
