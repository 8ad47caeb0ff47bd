import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOfShare, DEMAND_SLOTS, MIN_SLOTS, PieceStore, shareForWhole, slotsOfShare } from './store.ts';

const shape = { pieceBytes: 1024, pieceCount: 50, lengthBytes: 49 * 1024 + 100 };

function fill(store: PieceStore, piece: number, kept: boolean): boolean {
  const slot = store.takeSlot();
  if (slot === undefined) return false;
  store.slotBytes(slot, piece).fill(piece);
  store.put(piece, slot, kept);
  return true;
}

describe('the store', () => {
  it('never holds more than its slots, gives back what was put in, and never drops what is kept', () => {
    const step = fc.record({
      piece: fc.nat(49),
      kept: fc.boolean(),
      action: fc.constantFrom('put', 'get', 'release', 'keep'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const store = new PieceStore(shape, 16);
        const kept = new Set<number>();
        for (const { piece, kept: keep, action } of steps) {
          if (action === 'put' && !store.has(piece) && fill(store, piece, keep && kept.size < 10)) {
            if (store.kept.has(piece)) kept.add(piece);
          } else if (action === 'release') {
            store.release(piece);
            kept.delete(piece);
          } else if (action === 'keep' && kept.size < 10 && store.keep(piece)) {
            kept.add(piece);
          }
          const bytes = store.get(piece);
          if (bytes) expect(bytes.every((byte) => byte === piece)).toBe(true);
          for (const one of kept) expect(store.has(one)).toBe(true);
          expect(store.held).toBeLessThanOrEqual(16);
          expect(store.kept.count).toBe(kept.size);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('drops the longest unused of the cached pieces first', () => {
    const store = new PieceStore(shape, 16);
    for (let piece = 0; piece < 16; piece++) fill(store, piece, false);
    store.get(0);
    fill(store, 20, false);
    expect(store.has(0)).toBe(true);
    expect(store.has(1)).toBe(false);
  });

  it('knows that the last piece is shorter', () => {
    const store = new PieceStore(shape, 16);
    fill(store, 49, true);
    expect(store.get(49)?.length).toBe(100);
  });

  it('takes memory only when it is needed, and never more than the share', () => {
    const big = new PieceStore({ pieceBytes: 131_072, pieceCount: 10_000, lengthBytes: 131_072 * 10_000 }, 100);
    expect(big.allocatedBytes).toBe(0);
    fill(big, 1, true);
    expect(big.allocatedBytes).toBe(64 * 131_072);
    for (let piece = 2; piece < 200; piece++) fill(big, piece, false);
    expect(big.allocatedBytes).toBe(100 * 131_072);
  });

  it('leaves room for reads whatever the share', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 34), (share) => {
        const slots = slotsOfShare(share, 131_072);
        const capacity = capacityOfShare(share, 131_072);
        expect(slots).toBeGreaterThanOrEqual(MIN_SLOTS);
        expect(capacity).toBeLessThanOrEqual(slots - DEMAND_SLOTS);
        if (share > MIN_SLOTS * 131_072) expect(slots * 131_072).toBeLessThanOrEqual(share);
      }),
    );
    expect(capacityOfShare(0, 131_072)).toBe(0);
  });
  it('says the least share that keeps a whole image', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (pieceCount) => {
        const pieceBytes = 16_384;
        const share = shareForWhole({ pieceBytes, pieceCount, lengthBytes: pieceCount * pieceBytes });
        expect(capacityOfShare(share, pieceBytes)).toBeGreaterThanOrEqual(pieceCount);
        if (pieceCount > MIN_SLOTS) expect(capacityOfShare(share - pieceBytes, pieceBytes)).toBeLessThan(pieceCount);
      }),
    );
  });
});
