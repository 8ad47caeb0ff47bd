import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_TRACE_PIECES } from '../../src/vfield/boot-trace.ts';
import { mergeTraces } from './merge.ts';

const traces = fc.array(fc.uniqueArray(fc.nat(60), { minLength: 1 }), { minLength: 1, maxLength: 5 });

test('one trace, and a trace with itself, stay as they are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1 }), (trace) => {
      expect(mergeTraces([trace])).toEqual(trace);
      expect(mergeTraces([trace, trace, trace])).toEqual(trace);
    }),
  );
});

test('every piece of any trace is there once', () => {
  fc.assert(
    fc.property(traces, (some) => {
      const merged = mergeTraces(some);
      expect(merged.toSorted()).toEqual([...new Set(some.flat())].toSorted());
    }),
  );
});

test('what two of three boots agree on is not moved by the third', () => {
  expect(
    mergeTraces([
      [1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1],
      [1, 2, 3, 4, 5],
    ]),
  ).toEqual([1, 2, 3, 4, 5]);
});

test('what only one boot reads comes where it was read', () => {
  expect(
    mergeTraces([
      [1, 2, 3, 4],
      [1, 2, 9, 3, 4],
    ]),
  ).toEqual([1, 2, 9, 3, 4]);
});

test('the latest of too many are left out', () => {
  const long = Array.from({ length: MAX_TRACE_PIECES }, (_, piece) => piece);
  expect(mergeTraces([long, [...long, 40_000]])).toEqual(long);
});
