import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeData, encodeData } from './wire-data.ts';

const key = fc
  .oneof(fc.string(), fc.constantFrom('$bytes', '$record', '$undefined', '$', '$number', 'constructor'))
  .filter((k) => k !== '__proto__');
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, Number.NaN, Number.POSITIVE_INFINITY),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
})).value;

describe('data of messages', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(decodeData(encodeData(value, 'x'))).toEqual(value);
      }),
    );
  });

  test('any text is data or one error, and never touches a prototype', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      data.map((value) => JSON.stringify(value) ?? ''),
    );
    fc.assert(
      fc.property(text, (one) => {
        try {
          decodeData(one);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CLUSTER_BAD_DATA' });
        }
      }),
    );
    decodeData('{"__proto__":{"admin":true},"$record":[["__proto__",{"admin":true}]]}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each([
    ['deep', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['unknown mark', '{"$function":"x"}'],
    ['no base64', '{"$bytes":"?"}'],
    ['no entries', '{"$record":[[1,2]]}'],
    ['no text', 7],
  ])('%s is refused', (_name, text) => expect(() => decodeData(text)).toThrow(/no data/));

  test.each([
    ['10 MB', 'x'.repeat(10 * 1024 * 1024), 'CLUSTER_TOO_LARGE'],
    ['a function', { f: () => 1 }, 'RUNES_NOT_PLAIN'],
  ])('%s is refused at the sender', (_name, value, code) => {
    expect(() => encodeData(value, 'x')).toThrow(expect.objectContaining({ code }));
  });
});
