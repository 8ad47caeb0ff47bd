import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { Reader, Writer } from './cursor.ts';

type Field = ['u8' | 'u16' | 'u32', number] | ['u64', bigint] | ['bytes', Uint8Array];

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.tuple(fc.constant('u8' as const), fc.nat(0xff)),
  fc.tuple(fc.constant('u16' as const), fc.nat(0xffff)),
  fc.tuple(fc.constant('u32' as const), fc.nat(0xffffffff)),
  fc.tuple(fc.constant('u64' as const), fc.bigInt(0n, 2n ** 64n - 1n)),
  fc.tuple(fc.constant('bytes' as const), fc.uint8Array({ maxLength: 20 })),
);

test('what was written is read again, however often the writer had to grow', () => {
  fc.assert(
    fc.property(fc.array(field), fc.integer({ min: 1, max: 64 }), (fields, capacity) => {
      const writer = new Writer(capacity);
      for (const [kind, value] of fields) writer[kind](value as never);
      const reader = new Reader(writer.finish(), 'TEST_SHORT');
      const read = fields.map(([kind, value]) => (kind === 'bytes' ? reader.take(value.length) : reader[kind]()));
      expect(read).toEqual(fields.map(([, value]) => value));
      expect(reader.remaining).toBe(0);
    }),
  );
});

test('a read past the end names the place', () => {
  const reader = new Reader(Uint8Array.of(1, 2, 3), 'TEST_SHORT');
  reader.skip(1);
  expect(() => reader.u32()).toThrow(ViverError);
  expect(() => reader.u32()).toThrow(
    expect.objectContaining({ code: 'TEST_SHORT', details: { offset: 1, wanted: 4, length: 3 } }),
  );
  expect(reader.u16()).toBe(0x0203);
});
