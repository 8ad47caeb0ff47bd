import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAddresses, encodeAddresses, MAX_ADDRESSES_TOLD, splitAddress, withPort } from './addresses.ts';
import { decodeHello, encodeHello } from './hello.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const address = fc
  .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255), port)
  .map(([a, b, c, d, at]) => `${a}.${b}.${c}.${d}:${at}`);

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1:7'],
    ['10.0.0.1:9', '10.0.0.1:9'],
    ['10.0.0.256', undefined],
    ['0.0.0.0', undefined],
    ['224.0.0.251', undefined],
    ['10.0.0.1:0', undefined],
    ['10.0.0.1:70000', undefined],
    ['lab-01', undefined],
    ['::1', undefined],
    ['10.0.0.1 ', undefined],
    ['010.0.0.1', '10.0.0.1:7'],
  ])('%s', (text, wanted) => {
    expect(withPort(text, 7)).toBe(wanted);
  });

  test('lists come back as they were', () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 50 }), (list) => {
        expect(decodeAddresses(encodeAddresses(list))).toEqual(list);
        for (const one of list) expect(`${splitAddress(one).host}:${splitAddress(one).port}`).toBe(one);
      }),
    );
  });

  test('of anything else come only addresses, and no more than may be told', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeAddresses(text).length).toBeLessThan(text.length + 1);
      }),
    );
    const many = Array.from({ length: 3000 }, (_, at) => `10.0.${at >> 8}.${at & 255}:7`).join(',');
    expect(decodeAddresses(many).length).toBeLessThanOrEqual(MAX_ADDRESSES_TOLD);
  });
});

describe('hello', () => {
  const hello = { id: 'lab-01~0a1b2c', address: '10.0.0.1:7' };

  test('comes back as it was', () => expect(decodeHello(encodeHello(hello))).toEqual(hello));

  test.each([
    '',
    'null',
    '{}',
    encodeHello({ ...hello, id: '' }),
    encodeHello({ ...hello, id: 'lab-01' }),
    encodeHello({ ...hello, id: `${'x'.repeat(200)}~1` }),
    encodeHello({ ...hello, id: '../../etc~1' }),
    encodeHello({ ...hello, address: '10.0.0.1' }),
    encodeHello(hello).replace('"viver":1', '"viver":2'),
  ])('is not %s', (text) => expect(decodeHello(text)).toBeUndefined());

  test('is nothing that was made up', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(decodeHello(text)).toBeUndefined();
      }),
    );
  });
});
