import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeBeyondAscii } from './packages.ts';

test('a program in ASCII means the same', () => {
  const code = String.raw`const größe = /[–\’]/.test("’"); /* – */ größe + "\’ 日本 \\’" + '\u{1f4be}💾' + /^💾$/u.test("💾")`;
  const escaped = escapeBeyondAscii(code);
  expect(escaped).toMatch(/^[\x20-\x7e]*$/);
  expect(evaluate(escaped)).toBe(evaluate(code));
});

test('any text in quotes stays itself', () => {
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(fc.property(texts, (text) => evaluate(escapeBeyondAscii(JSON.stringify(text))) === text));
});

function evaluate(code: string): unknown {
  return runInNewContext(code);
}
