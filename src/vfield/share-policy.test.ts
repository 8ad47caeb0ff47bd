import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SharePolicy, shortBytes } from './share-policy.ts';

const MIB = 1024 * 1024;
const TOTAL = 512 * MIB;
const CONFIGURED = 128 * MIB;
const FLOOR = 8 * MIB;
const plenty = { totalBytes: TOTAL, availableBytes: 300 * MIB };
const short = (availableMiB: number) => ({ totalBytes: TOTAL, availableBytes: availableMiB * MIB });

/** A share of which so much is in use, all of it elsewhere too. */
const full = (shareBytes: number, usedBytes: number, onlyHereBytes = 0) => ({ shareBytes, usedBytes, onlyHereBytes });

test('memory is short below 6 % of a large machine, below 48 MiB of a small one', () => {
  expect(shortBytes(512 * MIB)).toBe(48 * MIB);
  expect(shortBytes(8192 * MIB)).toBeCloseTo(491.52 * MIB, -3);
});

describe('down', () => {
  test('nothing happens while there is enough', () => {
    const policy = new SharePolicy(CONFIGURED, 0);
    expect(policy.next(short(49), full(CONFIGURED, CONFIGURED), 0)).toBe(CONFIGURED);
  });

  test('by what is missing to twice the limit, counted from what is in use', () => {
    const policy = new SharePolicy(CONFIGURED, 0);
    expect(policy.next(short(40), full(CONFIGURED, 100 * MIB), 0)).toBe((100 - 56) * MIB);
  });

  test('by an eighth at least, when little is left and programs stand still for it', () => {
    const next = (availableMiB: number, stalledPercent: number) =>
      new SharePolicy(CONFIGURED, 0).next({ ...short(availableMiB), stalledPercent }, full(CONFIGURED, CONFIGURED), 0);
    expect(next(90, 12.5)).toBe(112 * MIB);
    expect(next(90, 9)).toBe(CONFIGURED);
    // A root that is read through a cache which is too small for it has stalls too, and memory to be had.
    expect(next(97, 99)).toBe(CONFIGURED);
  });

  test('never what nobody else has', () => {
    const next = (onlyHere: number) =>
      new SharePolicy(CONFIGURED, 0).next(short(1), full(CONFIGURED, CONFIGURED, onlyHere), 0);
    expect(next(60 * MIB + 1)).toBe(61 * MIB);
    expect(next(CONFIGURED)).toBe(CONFIGURED);
  });

  test('not again before what was let go can be free, and never below the floor', () => {
    const policy = new SharePolicy(CONFIGURED, 0);
    expect(policy.next(short(40), full(CONFIGURED, CONFIGURED), 0)).toBe(72 * MIB);
    expect(policy.next(short(40), full(72 * MIB, 72 * MIB), 1999)).toBe(72 * MIB);
    expect(policy.next(short(1), full(72 * MIB, 72 * MIB), 2000)).toBe(FLOOR);
    expect(policy.next(short(1), full(FLOOR, FLOOR), 9000)).toBe(FLOOR);
  });

  test('a share that is smaller than the floor stays as it is', () => {
    for (const configured of [0, 3.5 * MIB]) {
      expect(new SharePolicy(configured, 0).next(short(1), full(configured, configured), 0)).toBe(configured);
    }
  });
});

describe('up', () => {
  test('after 20 s of plenty, by a sixteenth, and then again', () => {
    const policy = new SharePolicy(CONFIGURED, 0);
    expect(policy.next(plenty, full(64 * MIB, 0), 19_999)).toBe(64 * MIB);
    expect(policy.next(plenty, full(64 * MIB, 0), 20_000)).toBe(72 * MIB);
    expect(policy.next(plenty, full(72 * MIB, 0), 39_999)).toBe(72 * MIB);
    expect(policy.next(plenty, full(72 * MIB, 0), 40_000)).toBe(80 * MIB);
  });

  test('not while the step would bring shortage near; the wait begins anew', () => {
    const policy = new SharePolicy(CONFIGURED, 0);
    expect(policy.next(short(2 * 48 + 8 - 1), full(64 * MIB, 0), 15_000)).toBe(64 * MIB);
    expect(policy.next(plenty, full(64 * MIB, 0), 34_000)).toBe(64 * MIB);
    expect(policy.next(plenty, full(64 * MIB, 0), 35_000)).toBe(72 * MIB);
  });

  test('to the configured share exactly, and no further', () => {
    const odd = 100 * MIB + 12_345;
    const policy = new SharePolicy(odd, 0);
    expect(policy.next(plenty, full(odd - 1, 0), 20_000)).toBe(odd);
    expect(policy.next(plenty, full(odd, 0), 80_000)).toBe(odd);
  });
});

/** Seconds on a machine whose share is always full and given back at once: the share after each. */
function live(hogMiB: (second: number) => number, seconds: number): number[] {
  const policy = new SharePolicy(CONFIGURED, 0);
  let share = CONFIGURED;
  return Array.from({ length: seconds }, (_, second) => {
    const availableBytes = Math.max(0, TOTAL - 150 * MIB - hogMiB(second) * MIB - share);
    share = policy.next({ totalBytes: TOTAL, availableBytes }, full(share, share), second * 1000);
    return share;
  });
}

test('a steady load is answered once: the share goes down and stays', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), (hogMiB) => {
      const shares = live(() => hogMiB, 600);
      const ups = shares.filter((share, at) => at > 0 && share > shares[at - 1]!);
      const downs = shares.filter((share, at) => at > 0 && share < shares[at - 1]!);
      // What the first step gave beyond need may come back; it does not go away again.
      const firstUp = shares.findIndex((share, at) => at > 0 && share > shares[at - 1]!);
      const lastDown = shares.findLastIndex((share, at) => at > 0 && share < shares[at - 1]!);
      expect(ups.length === 0 || downs.length === 0 || firstUp > lastDown).toBe(true);
    }),
  );
});

test('a load that comes and goes: the share is always between floor and configured, and whole again when all is over', () => {
  const loads = fc.array(fc.integer({ min: 0, max: 360 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(loads, (hogs) => {
      const shares = live((second) => hogs[Math.floor(second / 30)] ?? 0, hogs.length * 30 + 400);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(FLOOR);
      expect(Math.max(...shares)).toBeLessThanOrEqual(CONFIGURED);
      expect(shares.at(-1)).toBe(CONFIGURED);
    }),
  );
});
