import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackgroundWindow, LEAST_BLOCKS, MOST_BLOCKS } from './background-window.ts';

/** Blocks that come evenly at this rate for so long. */
function receive(window: BackgroundWindow, blocksPerMs: number, forMs: number, startMs = 0): void {
  for (let at = 0; at < forMs * blocksPerMs; at++) window.onBlock(startMs + at / blocksPerMs);
}

describe('the background window', () => {
  it('stays at its least on 1 Gbit/s, which is 7.2 blocks a millisecond', () => {
    const window = new BackgroundWindow();
    receive(window, 7.2, 500);
    expect(window.blocks).toBe(LEAST_BLOCKS);
  });

  it('holds two milliseconds of a faster link, and gives them up when the link becomes slow', () => {
    const window = new BackgroundWindow();
    receive(window, 30, 500);
    expect(window.blocks).toBeGreaterThan(55);
    expect(window.blocks).toBeLessThan(65);
    receive(window, 2, 500, 500);
    expect(window.blocks).toBe(LEAST_BLOCKS);
  });

  it('does not take a pause for a slow link', () => {
    const window = new BackgroundWindow();
    receive(window, 30, 500);
    const before = window.blocks;
    window.onBlock(5_000);
    expect(window.blocks).toBe(before);
  });

  it('stays between its bounds whatever comes, and no more than doubles at a time', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true })), (gaps) => {
        const window = new BackgroundWindow();
        let now = 0;
        for (const gap of gaps) {
          const before = window.blocks;
          now += gap;
          window.onBlock(now);
          expect(window.blocks).toBeGreaterThanOrEqual(LEAST_BLOCKS);
          expect(window.blocks).toBeLessThanOrEqual(Math.min(MOST_BLOCKS, before * 2));
        }
      }),
    );
  });
});
