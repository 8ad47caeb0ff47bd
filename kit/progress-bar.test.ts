import { expect, test } from 'vitest';
import { formatBar, formatSize, startProgress } from './progress-bar.ts';
import { lastPercentage } from './squashfs.ts';

function stream(isTTY: boolean) {
  const text: string[] = [];
  return { isTTY, columns: 60, text, write: (piece: string) => text.push(piece) };
}

test('one bar on a terminal, at most ten times in a second', () => {
  const terminal = stream(true);
  let now = 0;
  const progress = startProgress('Work', terminal, () => now);
  for (; now <= 1000; now += 10) progress.update(now / 1000);
  progress.done('5 files');
  expect(terminal.text.length).toBeLessThanOrEqual(13);
  expect(terminal.text.every((piece) => piece.startsWith('\r\x1b[K'))).toBe(true);
  expect(terminal.text.at(-1)).toBe('\r\x1b[KWork: done in 1.0 s, 5 files\n');
});

test('a few plain lines elsewhere', () => {
  const pipe = stream(false);
  const progress = startProgress('Work', pipe, () => 0);
  for (let part = 0; part <= 1; part += 0.001) progress.update(part);
  progress.done();
  expect(pipe.text).toHaveLength(5);
  expect(pipe.text.every((line) => !line.includes('\r') && line.endsWith('\n'))).toBe(true);
});

test('a bar fits the width of the terminal and never goes back', () => {
  for (const columns of [20, 40, 80, 200]) {
    expect(formatBar('Compressing', 0.5, columns, 'a note').length).toBeLessThan(columns);
  }
  const terminal = stream(true);
  let now = 0;
  const progress = startProgress('Work', terminal, () => now);
  for (const part of [0.5, 0.2]) {
    now += 1000;
    progress.update(part);
  }
  expect(terminal.text.at(-1)).toContain(' 50 %');
});

test('mksquashfs tells its progress between carriage returns', () => {
  expect(lastPercentage('\r[==   ] 120/240  50%\r[===  ] 180/240  75%')).toBe(0.75);
  expect(lastPercentage('Parallel mksquashfs: Using 2 processors')).toBe(0);
});

test('sizes for people', () => {
  expect([1, 5_000_000, 5_000_000_000].map(formatSize)).toEqual(['1 KiB', '4.8 MiB', '4.66 GiB']);
});
