import { expect, test } from 'vitest';
import { Bans, MAX_OFFENDERS } from './bans.ts';

let now = 0;
const bansAt = (milliseconds: number): Bans => {
  now = milliseconds;
  return new Bans(() => now);
};

test('an offence lasts a minute, the next one twice as long, an hour at most', () => {
  const bans = bansAt(1_000);
  expect(bans.forOffence('a', '10.0.0.1:1')).toBe(60_000);
  expect([bans.has('a'), bans.hasAddress('10.0.0.1:1'), bans.has('b')]).toEqual([true, true, false]);
  now += 60_000;
  expect([bans.has('a'), bans.hasAddress('10.0.0.1:1')]).toEqual([false, false]);
  expect(bans.forOffence('a', undefined)).toBe(120_000);
  for (let again = 0; again < 10; again++) bans.forOffence('a', undefined);
  expect(bans.forOffence('a', undefined)).toBe(3_600_000);
});

test('wrong bytes are for good, at their address for ten minutes', () => {
  const bans = bansAt(0);
  bans.forWrongBytes('a', '10.0.0.1:1');
  now = 600_001;
  expect([bans.has('a'), bans.hasAddress('10.0.0.1:1')]).toEqual([true, false]);
});

test('the number of offenders remembered is bounded, the oldest go', () => {
  const bans = bansAt(0);
  for (let peer = 0; peer <= MAX_OFFENDERS; peer++) bans.forOffence(`${peer}`, `10.0.0.1:${peer}`);
  expect([bans.has('0'), bans.has('1'), bans.has(`${MAX_OFFENDERS}`)]).toEqual([false, true, true]);
});
