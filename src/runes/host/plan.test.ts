import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RuneManifest } from '../contract/manifest.ts';
import { planRunes } from './plan.ts';

const ids = (names: readonly string[]) => names.map((name) => ({ name, version: 1 }));

function rune(name: string, offers: string[] = [], needs: string[] = [], after: string[] = []): RuneManifest {
  return {
    name,
    version: 1,
    stage: 'serve',
    summary: '',
    origin: 'built-in',
    offers: ids(offers),
    needs: ids(needs),
    after,
  };
}

const messages = (...manifests: RuneManifest[]) => planRunes(manifests).faults.map(({ message }) => message);

describe('the order', () => {
  test('needs come first, whatever the table says', () => {
    const plan = planRunes([
      rune('dhcp', [], ['keeper', 'loader']),
      rune('tftp', ['loader']),
      rune('book', ['keeper']),
    ]);
    expect(plan.levels).toEqual([['tftp', 'book'], ['dhcp']]);
    expect(plan.providers.get('keeper')).toBe('book');
    expect(plan.faults).toEqual([]);
  });

  test('`after` orders runes that are there and is no need', () => {
    const plan = planRunes([rune('late', [], [], ['early', 'absent']), rune('early')]);
    expect(plan.levels).toEqual([['early'], ['late']]);
  });

  test("the host's own offers count", () => {
    const plan = planRunes([rune('page', [], ['field'])], ids(['field']));
    expect(plan.levels).toEqual([['page']]);
  });
});

describe('faults are named', () => {
  test('a missing need, and who falls with it', () => {
    expect(messages(rune('a', ['x'], ['nothing']), rune('b', [], ['x']), rune('c'))).toEqual([
      'rune a needs nothing v1: no rune of this role offers it',
      'rune b needs x v1: rune a, which offers it, is left out',
    ]);
  });

  test('another version', () => {
    const needy = { ...rune('b'), needs: [{ name: 'x', version: 2 }] };
    expect(messages(rune('a', ['x']), needy)).toEqual(['rune b needs x v2: only x v1 is offered']);
  });

  test('two offers: the first of the table stays', () => {
    const plan = planRunes([rune('a', ['x']), rune('b', ['x'])]);
    expect(plan.levels).toEqual([['a']]);
    expect(plan.faults.map(({ message }) => message)).toEqual(['rune b offers x v1, which a offers already']);
  });

  test('a rune that is there twice', () => {
    expect(messages(rune('a'), rune('a'))).toEqual(['rune a is there twice (built-in)']);
  });

  test('cycles with their way, and who waits behind them', () => {
    expect(messages(rune('a', ['x'], ['y']), rune('b', ['y'], ['x']), rune('c', [], ['x']), rune('d'))).toEqual([
      'rune a waits for itself: a -> b -> a',
      'rune b waits for itself: b -> a -> b',
      "rune c waits for a, which can't start",
    ]);
    expect(messages(rune('a', ['x'], ['x']))).toEqual(['rune a waits for itself: a -> a']);
  });
});

test('any room: who starts has all it needs before it, who does not has a fault', () => {
  const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const list = fc.uniqueArray(letter, { maxLength: 2 });
  const anyRune = fc.tuple(fc.constantFrom('p', 'q', 'r', 's', 't', 'u'), list, list, list);
  fc.assert(
    fc.property(fc.array(anyRune, { maxLength: 8 }), (specs) => {
      const manifests = specs.map(([name, offers, needs]) => rune(name, offers, needs));
      const { levels, faults } = planRunes(manifests, ids(['e']));
      const started: RuneManifest[] = [];
      for (const level of levels) {
        const offered = ['e', ...started.flatMap(({ offers }) => offers.map(({ name }) => name))];
        for (const name of level) {
          const candidates = manifests.filter((manifest) => manifest.name === name);
          expect(candidates.some(({ needs }) => needs.every((need) => offered.includes(need.name)))).toBe(true);
        }
        started.push(...manifests.filter(({ name }) => level.includes(name)));
      }
      const names = new Set(levels.flat());
      expect(names.size).toBe(levels.flat().length);
      for (const { name } of manifests)
        expect(names.has(name) || faults.some((fault) => fault.rune === name)).toBe(true);
    }),
  );
});
