// A deadline on a promise. The work itself cannot be taken back; the caller goes on without it.

import { timedOut } from './message-link.ts';

/**
 * What `work` gives, if it comes in time.
 * @throws ViverError RUNES_TIMEOUT naming `what`.
 */
export async function withDeadline<T>(work: T | Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(what, limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
