import { expect, test } from 'vitest';
import { FirstOwners } from './first-owners.ts';

const PIECES = 3_000;
const members = [
  { id: 'a', capacityPieces: 500 },
  { id: 'b', capacityPieces: 1_000 },
  { id: 'c', capacityPieces: 0 },
  { id: 'd', capacityPieces: 1_500 },
];

function countsOf(list: typeof members): Map<string | undefined, number> {
  const owners = new FirstOwners(PIECES, () => 0);
  owners.update(list);
  const counts = new Map<string | undefined, number>();
  for (let piece = 0; piece < PIECES; piece++) {
    const id = owners.idOf(piece);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

test('nobody keeps anything: nobody fetches for others', () => {
  expect([...countsOf([])]).toEqual([[undefined, PIECES]]);
  expect([...countsOf([{ id: 'c', capacityPieces: 0 }])]).toEqual([[undefined, PIECES]]);
});

test('members fetch in proportion to what they can keep, in whatever order they are known', () => {
  const counts = countsOf(members);
  expect(counts.get('c')).toBeUndefined();
  expect(counts.get('a')!).toBeGreaterThan(400);
  expect(counts.get('a')!).toBeLessThan(600);
  expect(counts.get('d')!).toBeGreaterThan(1_350);
  expect(countsOf([...members].reverse())).toEqual(counts);
});

test('who leaves hands over its own pieces only', () => {
  const [before, after] = [new FirstOwners(PIECES, () => 0), new FirstOwners(PIECES, () => 0)];
  before.update(members);
  after.update(members.filter(({ id }) => id !== 'b'));
  for (let piece = 0; piece < PIECES; piece++) {
    if (before.idOf(piece) !== 'b') expect(after.idOf(piece)).toBe(before.idOf(piece));
  }
});
