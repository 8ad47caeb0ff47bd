import { expect, test } from 'vitest';
import { amountBytes, parseAmount } from './amount.ts';

test('bytes, powers of 1024, parts of the RAM', () => {
  expect(parseAmount('4096')).toEqual({ bytes: 4096 });
  expect(amountBytes(parseAmount('512M')!, 0)).toBe(512 * 1024 ** 2);
  expect(amountBytes(parseAmount('2g')!, 0)).toBe(2 * 1024 ** 3);
  expect(amountBytes(parseAmount('25%')!, 4000)).toBe(1000);
});

test.each(['', '-1', '101%', '1.5G', '12X', 'all'])('"%s" is no amount', (text) => {
  expect(parseAmount(text)).toBeUndefined();
});
