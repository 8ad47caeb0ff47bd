// Lets a node's share follow the machine's memory: looks once a second, asks the policy, tells the field.

import { errorLine } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MemoryReading } from '../sys/memory-reading.ts';
import { type Clock, repeat } from './clock.ts';
import type { Field } from './field.ts';
import { SharePolicy } from './share-policy.ts';

const LOOK_MS = 1000;

export interface ShareWatchOptions {
  readonly field: Pick<Field, 'setShare' | 'status'>;
  readonly readMemory: () => Promise<MemoryReading>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes the share smaller while memory is short, and as it was when there is plenty again. A node that serves from a medium gives no RAM, and is left
 * alone.
 * @returns what ends it
 */
export function followMemory({ field, readMemory, clock, log }: ShareWatchOptions): () => void {
  if (field.status().kind === 'medium') return () => {};
  const policy = new SharePolicy(field.status().shareBytes, clock.now());
  const look = async (): Promise<void> => {
    const reading = await readMemory();
    const { shareBytes, storeBytes, onlyHere, sizeBytes, pieces } = field.status();
    const share = { shareBytes, usedBytes: storeBytes, onlyHereBytes: onlyHere * Math.ceil(sizeBytes / pieces) };
    const next = policy.next(reading, share, clock.now());
    if (next === shareBytes) return;
    log.info(`${describe(reading)}: the share goes from ${mebibytes(shareBytes)} to ${mebibytes(next)}`);
    field.setShare(next);
  };
  const stop = repeat(clock, LOOK_MS, () => {
    look().catch((error: unknown) => {
      log.warn(`the memory of this machine can't be seen, the share stays as it is: ${errorLine(error)}`);
      stop();
    });
  });
  return stop;
}

function describe({ availableBytes, stalledPercent }: MemoryReading): string {
  const stalled = stalledPercent ? `, all stood still for it ${stalledPercent} % of the time` : '';
  return `${mebibytes(availableBytes)} of memory available${stalled}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
