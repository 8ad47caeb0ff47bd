import { expect, test } from 'vitest';
import { BitSet } from './bitset.ts';
import { FetchAhead } from './fetch-ahead.ts';
import { PieceStore } from './store.ts';

const PIECES = 300;
const all = new BitSet(PIECES);
all.fill();
const nothing = new Map<number, unknown>();
const anyone = (): boolean => true;

function following(trace: readonly number[], slots = 200): { ahead: FetchAhead; store: PieceStore } {
  const store = new PieceStore({ pieceBytes: 16, pieceCount: PIECES, lengthBytes: PIECES * 16 }, slots);
  const ahead = new FetchAhead(store, PIECES);
  ahead.follow(trace);
  return { ahead, store };
}

/** What would be fetched, one after the other, while the reader stands still. */
function ahead(follower: FetchAhead): number[] {
  const busy = new Map<number, unknown>();
  for (let piece = follower.next(all, busy, anyone); piece !== undefined; piece = follower.next(all, busy, anyone))
    busy.set(piece, true);
  return [...busy.keys()];
}

test('without a trace nothing is fetched ahead', () => {
  expect(ahead(following([]).ahead)).toEqual([]);
});

test('in the order of the trace, a bounded way ahead of the reader', () => {
  const trace = Array.from({ length: 250 }, (_, at) => (at * 7) % 300);
  const { ahead: follower } = following(trace);
  expect(ahead(follower)).toEqual(trace.slice(0, 128));
  expect(follower.reached(trace[9]!)).toBe(true);
  expect(ahead(follower)).toEqual(trace.slice(10, 138));
  expect(follower.left).toBe(240);
});

test('a read behind the reader or beside the trace moves nothing', () => {
  const { ahead: follower } = following([5, 6, 7]);
  follower.reached(6);
  expect([follower.reached(5), follower.reached(200), follower.left]).toEqual([false, false, 1]);
});

test('a small store is filled to three quarters only', () => {
  const { ahead: follower } = following(
    Array.from({ length: 100 }, (_, piece) => piece),
    20,
  );
  expect(ahead(follower)).toHaveLength(15);
});

test('only what the peer has and may be asked for', () => {
  const { ahead: follower } = following([1, 2, 3]);
  const has = new BitSet(PIECES);
  has.add(2);
  has.add(3);
  expect(follower.next(has, nothing, anyone)).toBe(2);
  expect(follower.next(has, nothing, (piece) => piece !== 2)).toBe(3);
  expect(follower.next(has, new Map([[3, true]]), (piece) => piece !== 2)).toBeUndefined();
});
