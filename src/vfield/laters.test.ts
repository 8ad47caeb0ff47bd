import { expect, test } from 'vitest';
import { Laters } from './laters.ts';
import type { Peer } from './peer/peer.ts';

const source = { keepsInRam: false } as Peer;
const member = { keepsInRam: true } as Peer;

test('what a source says holds for sources, what a member says for all, until a member has the piece or time has passed', () => {
  let now = 0;
  const laters = new Laters(() => now);
  laters.add(3, source);
  laters.add(4, member);
  const asked = () => [laters.has(3, source), laters.has(3, member), laters.has(4, source), laters.has(4, member)];
  expect(asked()).toEqual([true, false, true, true]);
  laters.delete(4);
  expect(asked()).toEqual([true, false, false, false]);
  now = 200;
  expect(asked()).toEqual([false, false, false, false]);
});
