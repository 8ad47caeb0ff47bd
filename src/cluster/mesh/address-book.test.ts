import { describe, expect, test } from 'vitest';
import { AddressBook, MAX_ADDRESSES, MAX_WAIT_MS } from './address-book.ts';

const A = '10.0.0.1:7';
const B = '10.0.0.2:7';
const HOUR = 3_600_000;
const book = () => new AddressBook(() => 1);

describe('address book', () => {
  test('an address is dialed at once, and by one at a time', () => {
    const one = book();
    one.add(A, false, 0);
    expect(one.due(0, 9)).toEqual([A]);
    expect(one.due(0, 9)).toEqual([]);
    expect(one.dialing).toBe(1);
  });

  test('what failed waits longer each time, up to a limit', () => {
    const one = book();
    one.add(A, true, 0);
    const waits: number[] = [];
    for (let now = 0; waits.length < 10; now++) {
      if (one.due(now, 1).length === 0) continue;
      waits.push(now);
      one.failed(A, now);
    }
    const gaps = waits.slice(1).map((at, index) => at - waits[index]!);
    expect(gaps.slice(0, 3)).toEqual([500, 1000, 2000]);
    expect(Math.max(...gaps)).toBe(MAX_WAIT_MS);
  });

  test('what we were given is tried for ever, what others told for an hour', () => {
    const one = book();
    one.add(A, true, 0);
    one.add(B, false, 0);
    for (let now = 0; now < 3 * HOUR; now += MAX_WAIT_MS) for (const due of one.due(now, 9)) one.failed(due, now);
    expect(one.due(4 * HOUR, 9)).toEqual([A]);
  });

  test('a member that is linked is not dialed, and at once when its link breaks', () => {
    const one = book();
    one.add(A, false, 0);
    one.linked(A, 0);
    expect(one.due(HOUR, 9)).toEqual([]);
    one.unlinked(A, HOUR);
    expect(one.due(HOUR, 9)).toEqual([A]);
  });

  test('this machine itself is never dialed, also when others tell of it', () => {
    const one = book();
    one.isSelf(A);
    one.add(A, true, 0);
    one.linked(A, 0);
    one.unlinked(A, 0);
    expect(one.due(HOUR, 9)).toEqual([]);
  });

  test('after a farewell an address is forgotten, or looked at later if it was given', () => {
    const one = book();
    for (const [address, isNamed] of [
      [A, true],
      [B, false],
    ] as const) {
      one.add(address, isNamed, 0);
      one.linked(address, 0);
      one.forget(address, 0);
    }
    expect(one.due(0, 9)).toEqual([]);
    expect(one.due(MAX_WAIT_MS, 9)).toEqual([A]);
  });

  test('a member that tells of thousands fills nothing', () => {
    const one = book();
    for (let at = 0; at < 10_000; at++) one.add(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}:7`, false, 0);
    expect(one.size).toBe(MAX_ADDRESSES);
  });
});
