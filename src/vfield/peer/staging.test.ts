import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Staging } from './staging.ts';

it('hands on what was added, in order, in few buffers', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 10_000, max: 400_000 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const staging = new Staging();
      const added = lengths.map((length, at) => new Uint8Array(length).fill(at + 1));
      for (const bytes of added) {
        staging.add(bytes);
        // Its memory may be used again at once.
        bytes.fill(255);
      }
      const total = lengths.reduce((sum, length) => sum + length, 0);
      expect(staging.bytes).toBe(total);
      const written: Uint8Array[] = [];
      staging.flush((bytes, sent) => {
        written.push(bytes.slice());
        sent();
        return true;
      });
      const expected = Buffer.concat(lengths.map((length, at) => Buffer.alloc(length, at + 1)));
      expect(Buffer.concat(written).equals(expected)).toBe(true);
      expect(written.length).toBeLessThanOrEqual(2 + total / (16 * 16_397));
      expect(staging.bytes).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('says what the last buffer was answered with, and that nothing is no reason to wait', () => {
  const staging = new Staging();
  expect(staging.flush(() => false)).toBe(true);
  staging.add(new Uint8Array(20_000));
  expect(staging.flush(() => false)).toBe(false);
});
