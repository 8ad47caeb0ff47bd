import { expect, test } from 'vitest';
import { NO_READS } from './reads.ts';
import { createChurnReport, formatChurnReport, type StartReport } from './report.ts';

const GOOD = { name: 'it boots', ok: true, detail: 'yes' };
const STARTS: StartReport[] = [
  {
    name: 'node-2',
    onSeconds: 0,
    upSeconds: 61.7,
    killedSeconds: 130.2,
    replacedBy: 'node-8',
    reads: { ...NO_READS, tried: 15, longestSeconds: 2.25 },
  },
  { name: 'node-8', onSeconds: 130.3, reads: { ...NO_READS, tried: 5, wrong: 1 }, bytesFromPeers: 3 * 2 ** 20 },
];

test('a row per start, and the sums', () => {
  const lines = formatChurnReport(createChurnReport(STARTS, [GOOD])).split('\n');
  expect(lines[1]).toMatch(/^node-2 +0 +62 +130 +node-8 +15 +0 +0 +2\.3 +-$/);
  expect(lines[2]).toMatch(/^node-8 +130 +- +- +- +5 +1 +0 +0\.0 +3 MiB$/);
  expect(lines[3]).toMatch(/^all +20 +1 +0 +2\.3$/);
  expect(lines.at(-1)).toBe('ok   it boots: yes');
});

test('a failed check fails it, and so does having checked or read nothing', () => {
  expect(createChurnReport(STARTS, [GOOD]).ok).toBe(true);
  expect(createChurnReport(STARTS, [GOOD, { ...GOOD, ok: false }]).ok).toBe(false);
  expect(createChurnReport(STARTS, []).ok).toBe(false);
  expect(createChurnReport([], [GOOD]).ok).toBe(false);
});
