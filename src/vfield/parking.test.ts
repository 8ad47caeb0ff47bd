import { expect, test } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { Parking } from './parking.ts';
import type { Peer } from './peer/peer.ts';

const member = (): Peer =>
  ({ keepsInRam: true, member: { shareBytes: 1 }, wire: { closed: false }, has: new Set() }) as never;
const block = (piece: number) => ({ piece, begin: 0, length: 16_384 });

function makeParking() {
  const clock = new VirtualClock();
  const served: [Peer, number, number][] = [];
  const parking = new Parking(clock, (peer, { piece }) => served.push([peer, piece, Math.round(clock.now())]));
  return { clock, parking, served };
}

test('the first who asks is served, who asks next waits, and is served when the first announces nothing', async () => {
  const { clock, parking, served } = makeParking();
  const [anna, ben, carl] = [member(), member(), member()];
  expect(parking.park(anna, block(3), true)).toBe(false);
  expect(parking.park(anna, block(3), true)).toBe(false);
  expect(parking.park(ben, block(3), true)).toBe(true);
  expect(parking.park(carl, block(3), false)).toBe(true);
  expect(parking.park(ben, block(4), true)).toBe(false);
  await clock.run(50);
  expect(served).toEqual([]);
  await clock.run(150);
  expect(served.map(([peer]) => peer)).toEqual([ben]);
  await clock.run(400);
  expect(served.map(([peer]) => peer)).toEqual([ben, carl]);
});

test('after the announcement a waiting one has a moment to turn to the new holder', async () => {
  const { clock, parking, served } = makeParking();
  const [anna, ben, carl] = [member(), member(), member()];
  parking.park(anna, block(3), false);
  parking.park(ben, block(3), false);
  parking.park(carl, block(3), false);
  parking.onHave(anna, 3);
  parking.cancel(ben, block(3));
  await clock.run(100);
  expect(served.map(([peer]) => peer)).toEqual([carl]);
});

test('when the one who was given it goes, the others do not wait', () => {
  const { parking, served } = makeParking();
  const [anna, ben] = [member(), member()];
  parking.park(anna, block(3), false);
  parking.park(ben, block(3), false);
  parking.onGone(anna);
  expect(served.map(([peer]) => peer)).toEqual([ben]);
});

test('who keeps nothing is neither waited for nor made to wait', () => {
  const { parking } = makeParking();
  const [anna, foreign] = [member(), { ...member(), keepsInRam: false } as Peer];
  expect(parking.park(foreign, block(3), false)).toBe(false);
  expect(parking.park(anna, block(3), false)).toBe(false);
  expect(parking.park(foreign, block(3), false)).toBe(false);
});
