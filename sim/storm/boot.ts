// One machine boots: it does its reads one after the other, one read ahead, and works in between. Every byte is compared.

import type { BlockSource } from '../../src/vfield/block-source.ts';
import type { Clock } from '../../src/vfield/clock.ts';
import type { BootRead } from './boot-reads.ts';

export interface BootResult {
  /** From the first read to the last. */
  readonly readMs: number;
  readonly wrongReads: number;
}

/** @param isRight Whether these are the image's bytes at an offset. */
export async function boot(
  clock: Clock,
  source: BlockSource,
  reads: readonly BootRead[],
  isRight: (bytes: Uint8Array, offset: number) => boolean,
): Promise<BootResult> {
  const startedAt = clock.now();
  let wrongReads = 0;
  let ahead = reads[0] && source.read(reads[0].offset, reads[0].length);
  for (const [number, { offset, pauseMs }] of reads.entries()) {
    const next = reads[number + 1];
    const current = ahead;
    ahead = next && source.read(next.offset, next.length);
    if (!isRight(await current!, offset)) wrongReads++;
    if (pauseMs > 0) await pause(clock, pauseMs);
  }
  return { readMs: clock.now() - startedAt, wrongReads };
}

export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, milliseconds));
}
