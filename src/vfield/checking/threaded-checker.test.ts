import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeImage, PIECE_BYTES, type TestImage } from '../../../sim/image.ts';
import { createLog, silentLog } from '../../log.ts';
import { sharedMemory } from '../../sys/shared-memory.ts';
import { type Clock, systemClock } from '../clock.ts';
import { ThreadedChecker } from './threaded-checker.ts';

const PIECES = 40;
let image: TestImage;
let memory: Uint8Array;
/** The time that pieces are told to have come at. */
let now = 0;
const clock: Clock = { ...systemClock, now: () => now };
const checkers: ThreadedChecker[] = [];

beforeAll(async () => {
  image = await makeImage(PIECES);
  memory = sharedMemory.allocate(image.bytes.length);
  memory.set(image.bytes);
});

afterEach(() => {
  for (const checker of checkers.splice(0)) checker.close();
});

function pieceOf(bytes: Uint8Array, piece: number): Uint8Array {
  return bytes.subarray(piece * PIECE_BYTES, Math.min((piece + 1) * PIECE_BYTES, bytes.length));
}

/** A checker whose thread works: pieces have come fast. */
async function busyChecker(log = silentLog, program?: URL): Promise<ThreadedChecker> {
  const checker = new ThreadedChecker(image.metainfo, log, clock, program);
  checkers.push(checker);
  for (let round = 0; round < 4; round++, now += 60) {
    for (let step = 0; step < 100; step++) checker.check(0, pieceOf(memory, 0), () => {});
  }
  const isThere = (): boolean => {
    let answeredHere = false;
    checker.check(1, pieceOf(memory, 1), () => {
      answeredHere = true;
    });
    return !answeredHere;
  };
  while (!isThere()) await sleep(5);
  return checker;
}

/** All verdicts on all pieces, and how many came in the same turn. */
async function verdicts(checker: ThreadedChecker, bytes: Uint8Array): Promise<{ good: number[]; atOnce: number }> {
  const good: number[] = [];
  let answers = 0;
  for (let piece = 0; piece < PIECES; piece++) {
    checker.check(piece, pieceOf(bytes, piece), (isGood) => {
      answers++;
      if (isGood) good.push(piece);
    });
  }
  const atOnce = answers;
  while (answers < PIECES) await sleep(1);
  return { good: good.sort((a, b) => a - b), atOnce };
}

describe('a checker with a thread', () => {
  it('says of each piece, the short last one too, what is true', async () => {
    const checker = await busyChecker();
    const damaged = sharedMemory.allocate(image.bytes.length);
    damaged.set(image.bytes);
    damaged[5 * PIECE_BYTES + 77]! ^= 1;
    damaged[image.bytes.length - 1]! ^= 0x80;
    const all = Array.from({ length: PIECES }, (_, piece) => piece);
    const first = await verdicts(checker, memory);
    expect(first.good).toEqual(all);
    expect(first.atOnce).toBeLessThan(PIECES);
    expect((await verdicts(checker, damaged)).good).toEqual(all.filter((piece) => piece !== 5 && piece !== PIECES - 1));
  });

  it('checks at once what is not in shared memory', async () => {
    const checker = await busyChecker();
    expect(await verdicts(checker, image.bytes)).toEqual({
      good: Array.from({ length: PIECES }, (_, at) => at),
      atOnce: PIECES,
    });
  });

  it('leaves memory as it is that it makes ready', async () => {
    const checker = await busyChecker();
    for (let piece = 0; piece < 20; piece++) checker.prepare(pieceOf(memory, piece));
    await verdicts(checker, memory);
    expect(Buffer.compare(memory, image.bytes)).toBe(0);
  });

  it('is not started for what a link of 1 Gbit/s brings', () => {
    const checker = new ThreadedChecker(image.metainfo, silentLog, clock);
    checkers.push(checker);
    for (let step = 0; step < 1_000; step++, now += 1) {
      let answered = false;
      checker.check(0, pieceOf(memory, 0), () => {
        answered = true;
      });
      expect(answered).toBe(true);
    }
  });

  it('gives no verdict after its end', async () => {
    const checker = await busyChecker();
    let late = 0;
    for (let piece = 0; piece < 20; piece++) checker.check(piece, pieceOf(memory, piece), () => late++);
    const atOnce = late;
    checker.close();
    await sleep(30);
    expect(late).toBe(atOnce);
  });

  it('goes on without the thread when that fails, and loses no piece', async () => {
    const program = `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => { throw new Error('out of order'); });
      parentPort.postMessage(undefined);`;
    const lines: string[] = [];
    const log = createLog((_level, _area, message) => lines.push(message));
    const checker = await busyChecker(log, new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const refused: number[] = [];
    for (let piece = 0; piece < 10; piece++) {
      checker.check(piece, pieceOf(memory, piece), (good) => {
        if (!good) refused.push(piece);
      });
    }
    while (lines.length === 0) await sleep(2);
    expect(lines[0]).toContain('out of order');
    // Nobody could say: the owner checks these itself.
    expect(refused.length).toBeGreaterThan(0);
    expect((await verdicts(checker, memory)).atOnce).toBe(PIECES);
  });
});
