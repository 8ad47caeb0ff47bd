import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOfShare, DEMAND_SLOTS, MIN_SLOTS, shareForWhole, slotsOfShare } from './share.ts';

const PIECE = 131_072;

describe('a share', () => {
  it('is what is kept, with room for reads beside it', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 34), (share) => {
        const slots = slotsOfShare(share, PIECE);
        const capacity = capacityOfShare(share, PIECE);
        expect(capacity * PIECE).toBeLessThanOrEqual(share);
        expect(slots).toBeGreaterThanOrEqual(MIN_SLOTS);
        expect(slots - capacity).toBeGreaterThan(DEMAND_SLOTS);
        expect(slots * PIECE).toBeLessThanOrEqual(Math.max(2 ** 21, share + 8 * 2 ** 20));
      }),
    );
    expect(capacityOfShare(0, PIECE)).toBe(0);
  });

  it('can be the whole image', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (pieceCount) => {
        const share = shareForWhole({ pieceBytes: PIECE, pieceCount });
        expect(capacityOfShare(share, PIECE)).toBe(pieceCount);
        expect(capacityOfShare(share - 1, PIECE)).toBeLessThan(pieceCount);
      }),
    );
  });
});
