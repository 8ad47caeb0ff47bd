import { expect, test } from 'vitest';
import { Giving, MAX_GIVEN, MAX_SENT_ELSEWHERE } from './giving.ts';
import type { Peer } from './peer/peer.ts';

const member = (): Peer => ({ keepsInRam: true, wire: { closed: false }, has: new Set() }) as never;
let now = 0;

function makeGiving(willAnnounce = true, comesOtherwise = false): Giving {
  now = 0;
  return new Giving({ now: () => now, willAnnounce: () => willAnnounce, comesOtherwise: () => comesOtherwise });
}

test('one at a time; the next when it has announced the piece', () => {
  const giving = makeGiving();
  const [anna, ben, carl] = [member(), member(), member()];
  expect(giving.isLater(anna, 3, false)).toBe(false);
  expect(giving.isLater(anna, 3, false)).toBe(false);
  expect(giving.isLater(ben, 3, false)).toBe(true);
  expect(giving.isLater(ben, 4, false)).toBe(false);
  (anna.has as never as Set<number>).add(3);
  expect(giving.isLater(ben, 3, false)).toBe(false);
  expect(giving.isLater(carl, 3, false)).toBe(true);
});

test('nobody waits for long, a reader less', () => {
  const giving = makeGiving();
  const [anna, ben] = [member(), member()];
  giving.isLater(anna, 3, false);
  now = 59;
  expect(giving.isLater(ben, 3, true)).toBe(true);
  now = 60;
  expect(giving.isLater(ben, 3, true)).toBe(false);
  expect(giving.isLater(anna, 3, false)).toBe(true);
  now = 460;
  expect(giving.isLater(anna, 3, false)).toBe(false);
});

test('who is gone, who will announce nothing, and other clients hold nobody up', () => {
  const giving = makeGiving();
  const [anna, ben] = [member(), member()];
  giving.isLater(anna, 3, false);
  (anna.wire as { closed: boolean }).closed = true;
  expect(giving.isLater(ben, 3, false)).toBe(false);
  expect(giving.isLater({ ...member(), keepsInRam: false } as Peer, 3, false)).toBe(false);
  const silent = makeGiving(false);
  silent.isLater(anna, 3, false);
  expect(silent.isLater(ben, 3, false)).toBe(false);
});

test('what others give is left to them for a while, longer where nobody waits', () => {
  const giving = makeGiving(true, true);
  const [anna, ben] = [member(), member()];
  expect([giving.isLater(anna, 3, true), giving.isLater(ben, 3, false)]).toEqual([true, true]);
  now = 249;
  expect(giving.isLater(anna, 3, true)).toBe(true);
  now = 250;
  expect(giving.isLater(anna, 3, true)).toBe(false);
  (anna.has as never as Set<number>).add(3);
  now = 999;
  expect(giving.isLater(ben, 3, false)).toBe(true);
  now = 1_000;
  expect(giving.isLater(ben, 3, false)).toBe(false);
  const stranger = { ...member(), keepsInRam: false } as Peer;
  expect(giving.isLater(stranger, 4, false)).toBe(false);
});

test('of whom is sent elsewhere only so much is remembered', () => {
  const giving = makeGiving(true, true);
  const anna = member();
  for (let piece = 0; piece <= MAX_SENT_ELSEWHERE; piece++) expect(giving.isLater(anna, piece, false)).toBe(true);
  now = 1_000;
  expect([giving.isLater(anna, 0, false), giving.isLater(anna, 5, false)]).toEqual([true, false]);
});

test('what is remembered is bounded', () => {
  const giving = makeGiving();
  const [anna, ben] = [member(), member()];
  for (let piece = 0; piece <= MAX_GIVEN; piece++) giving.isLater(anna, piece, false);
  expect([giving.isLater(ben, MAX_GIVEN, false), giving.isLater(ben, 0, false)]).toEqual([true, false]);
});
