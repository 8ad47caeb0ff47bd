import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('a virtual clock', () => {
  it('runs timers in the order of their time, equal ones in the order of making, forgotten ones not at all', async () => {
    const timers = fc.array(fc.record({ at: fc.integer({ min: 0, max: 20 }), forgotten: fc.boolean() }), {
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(timers, async (wanted) => {
        const clock = new VirtualClock();
        const ran: number[] = [];
        const made = wanted.map(({ at }, number) => clock.setTimeout(() => ran.push(number), at));
        wanted.forEach(({ forgotten }, number) => void (forgotten && clock.clearTimeout(made[number])));
        await clock.run(100);
        const expected = wanted.map((timer, number) => ({ ...timer, number })).filter((timer) => !timer.forgotten);
        expected.sort((a, b) => a.at - b.at || a.number - b.number);
        expect(ran).toEqual(expected.map(({ number }) => number));
      }),
    );
  });

  it('has the time of the timer while it runs, and of the end when nothing happens', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    clock.setTimeout(() => {
      times.push(clock.now());
      clock.setTimeout(() => times.push(clock.now()), 5);
    }, 10);
    expect(await clock.runUntil(() => false, 12)).toBe(false);
    expect(clock.now()).toBe(12);
    await clock.run(8);
    expect(times).toEqual([10, 15]);
    expect(clock.now()).toBe(20);
  });

  it('follows promises before the time goes on', async () => {
    const clock = new VirtualClock();
    const later = async (depth: number): Promise<number> => (depth === 0 ? clock.now() : await later(depth - 1));
    const seen: number[] = [];
    clock.setTimeout(() => void later(8).then((now) => seen.push(now)), 1);
    clock.setTimeout(() => {}, 2);
    await clock.run(2);
    expect(seen).toEqual([1]);
  });
});
