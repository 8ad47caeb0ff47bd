import { expect, test } from 'vitest';
import { Rating } from './rating.ts';

const PIECE = 131_072;

test('a peer of ours is guessed to be near, others to be far', () => {
  const rating = new Rating();
  expect(rating.expectedMs(PIECE, true)).toBeLessThan(10);
  expect(rating.expectedMs(PIECE, false)).toBeGreaterThan(50);
  expect(rating.usualLimitMs).toBeUndefined();
});

test('what was measured counts: latency and throughput', () => {
  const rating = new Rating();
  for (let piece = 0; piece < 60; piece++) rating.measured(PIECE, 20, 10);
  expect(rating.expectedMs(PIECE, true)).toBeGreaterThan(24);
  expect(rating.expectedMs(PIECE, true)).toBeLessThan(36);
  expect(rating.bytesPerSecond).toBeGreaterThan(12e6);
  expect(rating.bytesPerSecond).toBeLessThan(15e6);
});

test('noise does not move what is published, a lasting change does', () => {
  const rating = new Rating();
  for (let piece = 0; piece < 60; piece++) rating.measured(PIECE, 10, 4);
  const before = rating.expectedMs(0, true);
  for (let piece = 0; piece < 20; piece++) rating.measured(PIECE, piece % 2 ? 9 : 11, 4);
  expect(rating.expectedMs(0, true)).toBe(before);
  for (let piece = 0; piece < 40; piece++) rating.measured(PIECE, 30, 4);
  expect(rating.expectedMs(0, true)).toBeGreaterThan(2 * before);
});

test('what is usual widens with the spread (RFC 6298)', () => {
  const steady = new Rating();
  const shaky = new Rating();
  for (let piece = 0; piece < 80; piece++) {
    steady.measured(PIECE, 10, 0);
    shaky.measured(PIECE, piece % 2 ? 2 : 18, 0);
  }
  expect(steady.usualLimitMs).toBeLessThan(11);
  expect(shaky.usualLimitMs).toBeGreaterThan(30);
});
