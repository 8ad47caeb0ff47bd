import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../errors.ts';
import { formatTraceFile, parseTraceFile } from './trace-file.ts';

const infoHash = '0123456789abcdef'.repeat(4);
const HEAD = `viver-trace 1 ${infoHash} 100`;

function codeOf(text: string): string {
  try {
    parseTraceFile(text);
  } catch (error) {
    if (error instanceof ViverError) return error.code;
    throw error;
  }
  return 'fine';
}

describe('a trace file', () => {
  it('is written in ranges and read again', () => {
    const trace = { infoHash, pieceCount: 100, pieces: [3, 4, 5, 17, 0, 1, 99] };
    const text = formatTraceFile({ ...trace, note: 'node-2,\n9 s' });
    expect(text).toBe(`${HEAD}\n# node-2, 9 s\n3-5\n17\n0-1\n99\n`);
    expect(parseTraceFile(text)).toEqual(trace);
    const any = fc.uniqueArray(fc.nat(99), { minLength: 1 });
    fc.assert(
      fc.property(any, (pieces) => {
        expect(parseTraceFile(formatTraceFile({ ...trace, pieces })).pieces).toEqual(pieces);
      }),
    );
  });

  it.each([
    ['other text', 'hello', 'TRACE_FORM'],
    ['a short info hash', 'viver-trace 1 abcd 100\n1\n', 'TRACE_FORM'],
    ['another version', `viver-trace 2 ${infoHash} 100\n1\n`, 'TRACE_FORM'],
    ['no pieces', `${HEAD}\n# nothing\n\n`, 'TRACE_INVALID'],
    ['a range that runs back', `${HEAD}\n5-3\n`, 'TRACE_FORM'],
    ['a word', `${HEAD}\n5\nsix\n`, 'TRACE_FORM'],
    ['a negative number', `${HEAD}\n-5\n`, 'TRACE_FORM'],
    ['a piece outside the image', `${HEAD}\n100\n`, 'TRACE_INVALID'],
    ['a piece twice', `${HEAD}\n5-7\n6\n`, 'TRACE_INVALID'],
    ['a huge range', `viver-trace 1 ${infoHash} 999999999\n0-999999998\n`, 'TRACE_LIMIT'],
    ['a huge file', `${HEAD}\n${'#\n'.repeat(400_000)}`, 'TRACE_LIMIT'],
  ])('with %s is refused', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('names the line that is wrong', () => {
    expect(() => parseTraceFile(`${HEAD}\n5\n\nsix\n`)).toThrow('line 4 is no piece and no range');
  });
});
