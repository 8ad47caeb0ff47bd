import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { followLines, MAX_LINE_CHARACTERS } from './follow-lines.ts';

async function linesOf(chunks: readonly Buffer[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  followLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.on('close', resolve));
  return lines;
}

test('however the output is cut, the lines are the same', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ü', '漢', '\n', ' '), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(200), { maxLength: 6 }), async (output, cuts) => {
      const bytes = Buffer.from(output);
      const places = [0, ...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(await linesOf(chunks)).toEqual(
        output
          .replace(/\n$/, '')
          .split('\n')
          .slice(output === '' ? 1 : 0),
      );
    }),
    { numRuns: 60 },
  );
});

test('a line without end comes in parts, and lines of Windows end where they should', async () => {
  const long = await linesOf([Buffer.alloc(MAX_LINE_CHARACTERS * 3 + 1, 'x'), Buffer.from('\r\nend\r\n')]);
  expect(long.map((line) => line.length)).toEqual([
    MAX_LINE_CHARACTERS,
    MAX_LINE_CHARACTERS,
    MAX_LINE_CHARACTERS,
    1,
    3,
  ]);
});
