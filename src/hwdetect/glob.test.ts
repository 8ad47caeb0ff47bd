import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches } from './glob.ts';
import { aliasPattern, instanceOf } from './testdata/pattern-instances.ts';

const YES: [string, string][] = [
  ['', ''],
  ['*', ''],
  ['*', '/a/.b'],
  ['a*b*c', 'axxbxbxc'],
  ['*a*', 'bab'],
  ['d[0-9]x', 'd5x'],
  ['d[0-9A-F]', 'dB'],
  ['[!0-9]', 'a'],
  ['[^0-9]', 'a'],
  ['[-_]', '-'],
  ['[a-]', '-'],
  ['[]a]', ']'],
  ['[[:xdigit:]]z', 'fz'],
  ['a\\*', 'a*'],
  ['[', '['],
  ['?', '\xff'],
];
const NO: [string, string][] = [
  ['', 'a'],
  ['?', ''],
  ['a', 'A'],
  ['a*b', 'abc'],
  ['[0-9]', 'a'],
  ['[!0-9]', '5'],
  ['a\\*', 'ab'],
  ['[[:digit:]]', 'a'],
  ['a\\', 'a\\'],
];

describe('matches', () => {
  it.each(YES)('%s matches %s', (pattern, text) => expect(matches(pattern, text)).toBe(true));
  it.each(NO)('%s does not match %s', (pattern, text) => expect(matches(pattern, text)).toBe(false));

  it('matches every instance of a pattern', () => {
    const cases = aliasPattern.chain((pattern) => fc.tuple(fc.constant(pattern), instanceOf(pattern)));
    fc.assert(
      fc.property(cases, ([pattern, text]) => matches(pattern, text)),
      { numRuns: 1000 },
    );
  });

  it('agrees with a regular expression on any text', () => {
    const letters = fc.string({ unit: fc.constantFrom('0', '1', 'A', 'x', ':', '-'), maxLength: 9 });
    fc.assert(
      fc.property(aliasPattern, letters, (pattern, tail) => {
        const source = pattern.replace(/\[[^\]]*\]|[*?]/g, (part) => ({ '*': '.*', '?': '.' })[part] ?? part);
        const text = pattern.slice(0, pattern.search(/[*?[]|$/)) + tail;
        expect(matches(pattern, text)).toBe(new RegExp(`^(?:${source})$`, 's').test(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no exponential time', () => {
    expect(matches(`${'*a'.repeat(40)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
