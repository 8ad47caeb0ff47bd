import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keptLog } from '../testing/room.ts';
import { keepRunning, RESTART_PAUSES_MS } from './keep-running.ts';
import type { RuneStatus } from './options.ts';
import type { RunningRunes } from './start.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Threads that end when the test says so. */
function threads() {
  const ends: ((reason: string) => void)[] = [];
  const stopped: number[] = [];
  let failures = 0;
  const start = async (onEnded: (reason: string) => void): Promise<RunningRunes> => {
    const number = ends.push(onEnded);
    if (failures-- > 0) throw new Error('no memory');
    const dhcp = { rune: 'dhcp', state: 'running', version: number } as RuneStatus;
    return {
      report: { started: [{ rune: 'dhcp', milliseconds: number, changed: [] }], setAside: [], faults: [] },
      status: async () => [dhcp],
      meet: () => {},
      stop: async () => void stopped.push(number),
    };
  };
  const failNext = (count: number) => {
    failures = count;
  };
  return { start, ends, stopped, failNext };
}

test('a thread that ends is followed by another, and says so', async () => {
  const { start, ends, stopped } = threads();
  const { log, lines } = keptLog();
  const runes = await keepRunning(start, log);
  expect(await runes.status()).toMatchObject([{ version: 1, state: 'running' }]);
  ends[0]?.("the runes' thread ended with an error: out of memory");
  expect(await runes.status()).toMatchObject([
    { rune: 'dhcp', state: 'stopped', reason: expect.stringContaining('out of memory') },
  ]);
  expect(lines).toEqual([
    "error : the runes' thread ended with an error: out of memory; it is started again in 1 s; the field goes on",
  ]);
  await vi.advanceTimersByTimeAsync(999);
  expect(ends).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await runes.status()).toMatchObject([{ version: 2, state: 'running' }]);
  expect(runes.report.started[0]?.milliseconds).toBe(2);
  await runes.stop();
  ends[1]?.('ended by itself with status 1');
  await vi.advanceTimersByTimeAsync(600_000);
  expect([ends.length, stopped, lines.length]).toEqual([2, [2], 1]);
});

test('one that keeps ending is given up; one that lived long has all its tries again', async () => {
  const { start, ends } = threads();
  const { log, lines } = keptLog();
  const runes = await keepRunning(start, log);
  await vi.advanceTimersByTimeAsync(600_000);
  for (const pause of RESTART_PAUSES_MS) {
    ends.at(-1)?.("the runes' thread is gone");
    await vi.advanceTimersByTimeAsync(pause);
  }
  expect(ends).toHaveLength(RESTART_PAUSES_MS.length + 1);
  ends.at(-1)?.("the runes' thread is gone");
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(ends).toHaveLength(RESTART_PAUSES_MS.length + 1);
  expect(lines.at(-1)).toBe(
    "error : the runes' thread is gone; it has ended 6 times and is not started again; the field goes on",
  );
  expect(await runes.status()).toMatchObject([
    { state: 'stopped', reason: expect.stringContaining('not started again') },
  ]);
});

test('a start that fails is a fault, and tried again', async () => {
  const { start, failNext } = threads();
  failNext(1);
  const runes = await keepRunning(start, keptLog().log);
  expect(runes.report.faults).toEqual(['no memory; it is started again in 1 s']);
  await vi.advanceTimersByTimeAsync(1000);
  expect(runes.report).toMatchObject({ started: [{ rune: 'dhcp' }], faults: [] });
});
