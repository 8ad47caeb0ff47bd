// Layers that make a BlockSource behave badly, for tests: slow, out of order, failing.

import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockSource } from '../../src/vfield/block-source.ts';

/** Every read takes `milliseconds` more. */
export function slow(source: BlockSource, milliseconds: number): BlockSource {
  return {
    sizeBytes: source.sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      await sleep(milliseconds, undefined, { signal: signal! });
      return source.read(offsetBytes, lengthBytes, signal);
    },
  };
}

/** Reads that come together are answered last first. */
export function reversed(source: BlockSource): BlockSource {
  let waiting: (() => void)[] = [];
  const release = (): void => {
    const all = waiting;
    waiting = [];
    for (const go of all.reverse()) go();
  };
  return {
    sizeBytes: source.sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      if (waiting.length === 0) setTimeout(release, 2);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return source.read(offsetBytes, lengthBytes, signal);
    },
  };
}

/** Each `count`-th read fails. */
export function failingEach(source: BlockSource, count: number): BlockSource {
  let reads = 0;
  return {
    sizeBytes: source.sizeBytes,
    async read(offsetBytes, lengthBytes, signal) {
      if (++reads % count === 0) throw new Error('made to fail');
      return source.read(offsetBytes, lengthBytes, signal);
    },
  };
}
