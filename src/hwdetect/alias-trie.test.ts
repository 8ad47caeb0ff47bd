import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AliasTrie, buildTrie, searchTrie } from './alias-trie.ts';
import { matches } from './glob.ts';
import { aliasPattern, instanceOf } from './testdata/pattern-instances.ts';

const same = (value: number) => value;

describe('alias trie', () => {
  it('finds what matching each pattern by itself finds, by priority', () => {
    const cases = fc
      .array(aliasPattern, { minLength: 1, maxLength: 25 })
      .chain((patterns) => fc.tuple(fc.constant(patterns), fc.constantFrom(...patterns).chain(instanceOf)));
    fc.assert(
      fc.property(cases, ([patterns, text]) => {
        const trie = buildTrie(
          patterns.map((pattern, at) => ({ pattern, value: at % 7 })),
          same,
        );
        const expected = patterns.flatMap((pattern, at) => (matches(pattern, text) ? [at % 7] : []));
        expect(searchTrie(trie, text, same)).toEqual(expected.sort());
        expect(searchTrie(JSON.parse(JSON.stringify(trie)) as AliasTrie, text, same)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('answers without priorities in the reverse order of being found, as kmod does', () => {
    const patterns = ['x*', 'xy*', 'xyz', 'x?z', 'xyz', 'x*z'];
    const trie = buildTrie(
      patterns.map((pattern, value) => ({ pattern, value })),
      () => 0,
    );
    // Found: below `x` first `*z` then `*`, `?z`; then `xy*`; then `xyz`, of which the later one stands first.
    expect(searchTrie(trie, 'xyz', () => 0)).toEqual([2, 4, 1, 3, 0, 5]);
  });

  it('counts a pattern twice that a wildcard in the text meets twice', () => {
    const trie = buildTrie(
      ['a*', 'a*b*', 'a1'].map((pattern, value) => ({ pattern, value })),
      same,
    );
    expect(searchTrie(trie, 'a*b*', same)).toEqual([0, 1, 1]);
  });

  it('is empty without rules', () => {
    expect(searchTrie(buildTrie([], same), '', same)).toEqual([]);
  });
});
