import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog } from '../../log.ts';
import { lastWords } from './last-words.ts';
import { MAX_LOG_CHARACTERS, MAX_LOG_LINES, patientLog } from './patient-log.ts';
import { runeUrlOf } from './rune-place.ts';

const path = 'medium:/etc/RUNES/runes/x.ts';
const place = { url: runeUrlOf(path), path };

describe('what Node prints when it ends', () => {
  test.each([
    [
      `${place.url}:7\n  throw new Error('burnt');\n  ^\n\nError: burnt\n    at start (${place.url}:7:9)\n`,
      `${path}:7: burnt`,
    ],
    [
      `${place.url}:2\nlet a;\n    ^\n\nSyntaxError: Identifier 'a' has been declared\n    at node:x`,
      `${path}:2: Identifier 'a' has been declared`,
    ],
    [`${place.url}:7\n  throw 7\n  ^\n7\n(Use \`node --trace-uncaught ...\`)\n`, `${path}:7: 7`],
    [
      'node:events:497\n      throw er; // Unhandled\n      ^\n\nError: listen EADDRINUSE\n    at node:net\n',
      'listen EADDRINUSE',
    ],
    [
      '\n<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n',
      'its memory is full',
    ],
    ["terminate called after throwing an instance of 'std::bad_alloc'\n", 'its memory is full'],
    ['', undefined],
    ['goodbye\n', undefined],
  ])('%j', (text, words) => expect(lastWords(text, place)).toBe(words));

  test('no text throws', () => {
    const text = fc.string({ unit: fc.constantFrom('Error: ', '^', '\n', ' ', place.url, ':', '7', '[') });
    fc.assert(fc.property(text, (any) => void lastWords(any, place)));
  });
});

test('a log that says too much is cut, counted and heard again', () => {
  const lines: string[] = [];
  let now = 0;
  const log = patientLog(
    createLog((level, _area, message) => lines.push(`${level} ${message}`)),
    () => now,
  );
  for (let line = 0; line < 3 * MAX_LOG_LINES; line++) log.info('x'.repeat(5000));
  expect(lines).toHaveLength(MAX_LOG_LINES + 1);
  expect(lines[0]).toHaveLength('info '.length + MAX_LOG_CHARACTERS);
  now = 10_000;
  log.info('back');
  expect(lines.slice(-2)).toEqual([`warn ${2 * MAX_LOG_LINES} lines of its log were dropped`, 'info back']);
});
