import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../errors.ts';
import { decodeBootTrace, encodeBootTrace, MAX_TRACE_BYTES, MAX_TRACE_PIECES } from './boot-trace.ts';

/** Different pieces of an image, in any order, with runs as a boot has them. */
const traces = fc.integer({ min: 1, max: 1_000_000 }).chain((pieceCount) =>
  fc.record({
    pieceCount: fc.constant(pieceCount),
    pieces: fc
      .array(fc.tuple(fc.nat(pieceCount - 1), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 200 })
      .map((runs) => runs.flatMap(([start, length]) => Array.from({ length }, (_, index) => start + index)))
      .map((pieces) => [...new Set(pieces.filter((piece) => piece < pieceCount))]),
  }),
);

describe('a boot trace', () => {
  it('decodes to what was encoded, a byte for each piece of a run', () => {
    fc.assert(
      fc.property(traces, ({ pieces, pieceCount }) => {
        expect(decodeBootTrace(encodeBootTrace(pieces, pieceCount), pieceCount)).toEqual(pieces);
      }),
    );
    expect(encodeBootTrace([0, 1, 2, 3, 9, 4], 10)).toEqual(Uint8Array.of(0, 0, 0, 0, 10, 11));
  });

  it('of the greatest length and the widest jumps fits into its limit', () => {
    const pieceCount = 1_300_000;
    const pieces = Array.from({ length: MAX_TRACE_PIECES }, (_, index) =>
      index % 2 === 0 ? index / 2 : pieceCount - (index + 1) / 2,
    );
    const bytes = encodeBootTrace(pieces, pieceCount);
    expect(bytes.length).toBeLessThanOrEqual(MAX_TRACE_BYTES);
    expect(decodeBootTrace(bytes, pieceCount)).toEqual(pieces);
    const more = Array.from({ length: MAX_TRACE_PIECES + 1 }, (_, index) => index);
    expect(codeOf(() => encodeBootTrace(more, pieceCount))).toBe('TRACE_LIMIT');
    expect(codeOf(() => decodeBootTrace(new Uint8Array(MAX_TRACE_PIECES + 1), pieceCount))).toBe('TRACE_LIMIT');
    expect(codeOf(() => decodeBootTrace(new Uint8Array(MAX_TRACE_BYTES + 1), pieceCount))).toBe('TRACE_LIMIT');
  });

  it.each([
    ['nothing', []],
    ['a piece behind the image', [20]],
    ['a piece before the image', [1]],
    ['a piece twice', [0, 1]],
    ['a number cut off', [0, 0x80]],
    ['a number of five bytes', [0x80, 0x80, 0x80, 0x80, 0]],
    ['a number that is longer than it must be', [0x82, 0]],
  ])('with %s is refused', (_, bytes) => {
    expect(codeOf(() => decodeBootTrace(Uint8Array.from(bytes), 10))).toBe('TRACE_INVALID');
  });

  it.each([[[]], [[-1]], [[10]], [[1.5]], [[Number.NaN]], [[3, 4, 3]]])('of %j is not encoded', (pieces) => {
    expect(codeOf(() => encodeBootTrace(pieces, 10))).toBe('TRACE_INVALID');
  });

  it('of noise is a trace of this image or a ViverError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 500 }), (bytes, pieceCount) => {
        const decoded = attempt(() => decodeBootTrace(bytes, pieceCount));
        if (decoded instanceof ViverError) return;
        expect(encodeBootTrace(decoded, pieceCount)).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});

function attempt<T>(run: () => T): T | ViverError {
  try {
    return run();
  } catch (error) {
    if (error instanceof ViverError) return error;
    throw error;
  }
}

function codeOf(run: () => unknown): string {
  const result = attempt(run);
  return result instanceof ViverError ? result.code : 'fine';
}
