// One batch: so many inputs for one target in this process, with a bound of time for each and a look at the memory.

import { Progress } from './progress.ts';
import { Random } from './random.ts';
import { targets } from './targets.ts';

/** Growth of what is in use between a tenth of the batch and its end that is taken as noise: caches fill, code is compiled. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;
const LOOKS = [0.1, 0.5, 1];

export interface BatchResult {
  readonly inputs: number;
  readonly seconds: number;
  /** The longest that one round of inputs took. */
  readonly slowestMs: number;
  /** In use after a collection, in bytes, at a tenth, half and all of the batch. */
  readonly usedBytes: readonly number[];
  readonly residentBytes: number;
}

/** Runs one batch. Throws what the target threw, with the input; a growth of memory is an error as well. */
export async function runBatch(name: string, seed: number, count: number): Promise<BatchResult> {
  const progress = new Progress();
  try {
    return await run(name, seed, count, progress);
  } catch (cause) {
    throw new Error(`${name}: failed after this input: ${progress.input}`, { cause });
  } finally {
    await progress.close();
  }
}

async function run(name: string, seed: number, count: number, progress: Progress): Promise<BatchResult> {
  // What nobody catches would have ended a node. Unhandled rejections come here too.
  process.once('uncaughtException', (error) => {
    console.error(`${name}: not caught, after this input: ${progress.input}`, error);
    process.exit(1);
  });
  const subject = await targets[name]!.open(new Random(seed), (input) => progress.note(input));
  const usedBytes: number[] = [];
  const started = performance.now();
  let inputs = 0;
  let slowestMs = 0;
  while (inputs < count) {
    const before = performance.now();
    inputs += await subject.feed();
    slowestMs = Math.max(slowestMs, performance.now() - before);
    while (usedBytes.length < LOOKS.length && inputs >= LOOKS[usedBytes.length]! * count) {
      await subject.rest();
      usedBytes.push(await inUse());
    }
  }
  await subject.close();
  const seconds = (performance.now() - started) / 1000;
  const growth = usedBytes.at(-1)! - usedBytes[0]!;
  if (growth > MAX_GROWTH_BYTES) throw new Error(`memory in use grew by ${growth} bytes: ${usedBytes.join(', ')}`);
  return { inputs, seconds, slowestMs, usedBytes, residentBytes: process.memoryUsage.rss() };
}

/** What is left after a collection: the heap, and buffers outside of it. */
async function inUse(): Promise<number> {
  if (!globalThis.gc) throw new Error('to be started with --expose-gc');
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
