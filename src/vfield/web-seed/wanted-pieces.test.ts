import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WantedPieces } from './wanted-pieces.ts';

const block = (piece: number, begin = 0) => ({ piece, begin, length: 16_384 });

test('neighbours are fetched together, what somebody waits for first and by itself', () => {
  const wanted = new WantedPieces(3);
  for (const piece of [4, 5, 6, 7, 9]) wanted.add(block(piece), false);
  wanted.add(block(6), true);
  wanted.add(block(20), true);
  expect(wanted.begin(true)).toEqual({ piece: 6, count: 1, urgent: true });
  expect(wanted.begin(true)).toEqual({ piece: 20, count: 1, urgent: true });
  expect(wanted.begin(true)).toBeUndefined();
  expect(wanted.begin(false)).toEqual({ piece: 4, count: 2, urgent: false });
  expect(wanted.begin(false)).toEqual({ piece: 7, count: 1, urgent: false });
});

test('a piece answers all that was asked of it, once', () => {
  const wanted = new WantedPieces(8);
  wanted.add(block(1), false);
  wanted.begin(false);
  wanted.add(block(1, 16_384), true);
  wanted.add(block(1, 16_384), false);
  expect(wanted.take(1)).toEqual([block(1), block(1, 16_384)]);
  expect(wanted.take(1)).toEqual([]);
});

test('what is cancelled is not begun; what is under way goes on', () => {
  const wanted = new WantedPieces(8);
  wanted.add(block(1), false);
  wanted.add(block(2), false);
  wanted.cancel(block(1));
  expect(wanted.begin(false)).toEqual({ piece: 2, count: 1, urgent: false });
  wanted.cancel(block(2));
  expect(wanted.begin(false)).toBeUndefined();
  wanted.add(block(2), false);
  expect(wanted.take(2)).toEqual([block(2)]);
});

test('every piece is begun once, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.boolean())), fc.integer({ min: 1, max: 8 }), (asked, longest) => {
      const wanted = new WantedPieces(longest);
      for (const [piece, urgent] of asked) wanted.add(block(piece), urgent);
      const begun: number[] = [];
      for (let run = wanted.begin(false); run; run = wanted.begin(false)) {
        expect(run.count).toBeLessThanOrEqual(longest);
        for (let piece = run.piece; piece < run.piece + run.count; piece++) begun.push(piece);
      }
      expect(begun.toSorted((a, b) => a - b)).toEqual(
        [...new Set(asked.map(([piece]) => piece))].sort((a, b) => a - b),
      );
    }),
  );
});
