import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Member } from './cluster.ts';
import { Candidacy, candidateLabels, choose } from './elect.ts';

const SERVICE = 'boot';
const SETTLE_MS = 3000;

const member = (id: string, labels: Member['labels']): Member => ({
  id,
  name: id,
  address: '10.0.0.1',
  since: 0,
  labels,
  offers: [],
});
const other = (id: string) => member(id, { role: 'node' });
const candidate = (id: string) => member(id, candidateLabels(SERVICE, false));
const serving = (id: string) => member(id, candidateLabels(SERVICE, true));

test.each([
  ['nobody can', [other('a')], undefined],
  ['the lowest of those who can', [other('a'), candidate('c'), candidate('b')], 'b'],
  ['who does already', [candidate('a'), serving('c')], 'c'],
  ['of two who do, the lower', [candidate('a'), serving('c'), serving('b')], 'b'],
  ['who serves and is no candidate does not count', [candidate('b'), member('a', { 'boot.serving': 'yes' })], 'b'],
])('%s', (_name, members, wanted) => {
  expect(choose(members, SERVICE)).toBe(wanted);
});

test('it begins after a while only, and not when somebody else turns up meanwhile', () => {
  const one = new Candidacy(SERVICE, SETTLE_MS);
  expect(one.decide([candidate('b')], 'b', 0)).toBe(false);
  expect(one.decide([candidate('b'), candidate('a')], 'b', 2900)).toBe(false);
  expect(one.decide([candidate('b')], 'b', 3100)).toBe(false);
  expect(one.decide([candidate('b')], 'b', 6100)).toBe(true);
});

/** A room in which members come, go, and see what the others say of themselves `lagMs` later. */
class Room {
  readonly #serving = new Map<string, boolean>();
  readonly #candidacies = new Map<string, Candidacy>();
  #history: { at: number; members: Member[] }[] = [];

  come(id: string): void {
    this.#serving.set(id, false);
    this.#candidacies.set(id, new Candidacy(SERVICE, SETTLE_MS));
  }

  go(id: string): void {
    this.#serving.delete(id);
    this.#candidacies.delete(id);
  }

  step(now: number, lagMs: number): void {
    this.#history.push({ at: now, members: [...this.#serving].map(([id, is]) => (is ? serving(id) : candidate(id))) });
    const seen = this.#history.findLast(({ at }) => at <= now - lagMs)?.members ?? [];
    for (const [id, candidacy] of this.#candidacies) {
      const self = this.#serving.get(id) ? serving(id) : candidate(id);
      const view = [...seen.filter((one) => one.id !== id), self];
      this.#serving.set(id, candidacy.decide(view, id, now));
    }
  }

  get keepers(): string[] {
    return [...this.#serving].flatMap(([id, is]) => (is ? id : []));
  }

  get size(): number {
    return this.#serving.size;
  }
}

describe('a room', () => {
  const act = fc.record({
    id: fc.constantFrom(...'abcdefgh'),
    comes: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 8000 }),
  });

  test('that is left in peace has exactly one keeper, who stays whoever comes', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), fc.integer({ min: 0, max: 2500 }), (acts, lagMs) => {
        const room = new Room();
        let now = 0;
        const pass = (ms: number) => {
          for (const end = now + ms; now < end; now += 250) room.step(now, lagMs);
        };
        for (const { id, comes, waitMs } of acts) {
          if (comes) room.come(id);
          else room.go(id);
          pass(waitMs);
        }
        pass(2 * lagMs + 2 * SETTLE_MS + 3000);
        expect(room.keepers.length).toBe(Math.min(room.size, 1));
        const [keeper] = room.keepers;
        if (keeper === undefined) return;
        if (!acts.some(({ id }) => id === '0')) room.come('0');
        pass(lagMs + 2 * SETTLE_MS);
        expect(room.keepers).toEqual([keeper]);
      }),
      { numRuns: 100 },
    );
  });
});
