import { expect, test } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { Courtesy } from './courtesy.ts';

test('beside a reader the background begins one piece in 100 ms, and goes on freely when the reader is done', async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const courtesy = new Courtesy(clock, () => calls++);
  expect(courtesy.mayBegin()).toBe(true);
  courtesy.demanded();
  expect(courtesy.mayBegin()).toBe(true);
  courtesy.began();
  expect(courtesy.mayBegin()).toBe(false);
  await clock.run(60);
  courtesy.demanded();
  expect(courtesy.mayBegin()).toBe(false);
  await clock.run(41);
  expect(courtesy.mayBegin()).toBe(true);
  courtesy.began();
  await clock.run(60);
  expect(courtesy.mayBegin()).toBe(true);
  await clock.run(100);
  expect(calls).toBe(2);
  courtesy.close();
});
