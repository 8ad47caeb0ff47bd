import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedMemory } from '../sys/shared-memory.ts';
import { heapMemory } from './slot-memory.ts';
import { PieceStore } from './store.ts';

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

  it('keeps a piece that was cached while it came once more', () => {
    const store = new PieceStore(shape, 16);
    fill(store, 3, false);
    const [again, third] = [store.takeSlot()!, store.takeSlot()!];
    expect(store.put(3, again, true)).toBe(true);
    expect(store.put(3, third, true)).toBe(false);
    expect(store.kept.has(3)).toBe(true);
    expect(store.held).toBe(1);
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

  it.each([
    ['its own', heapMemory, () => process.memoryUsage().arrayBuffers],
    ['shared', sharedMemory, () => process.memoryUsage.rss()],
  ])(
    'gives %s memory back when the budget falls, without losing what is kept, and takes it again when it rises',
    (_, memory, usedBytes) => {
      const pieceBytes = 131_072;
      const store = new PieceStore({ pieceBytes, pieceCount: 1_000, lengthBytes: pieceBytes * 1_000 }, 640, memory);
      for (let piece = 0; piece < 600; piece++) fill(store, piece, true);
      for (let piece = 600; piece < 640; piece++) fill(store, piece, false);
      const before = usedBytes();
      store.resize(80);
      while (store.settle());
      expect(store.slots).toBe(616);
      expect(store.kept.count).toBe(600);
      for (let piece = 0; piece < 600; piece += 1) if (piece % 10 !== 9) store.release(piece);
      while (store.settle());
      expect(store.slots).toBe(80);
      expect(store.allocatedBytes).toBe(128 * pieceBytes);
      expect(usedBytes()).toBeLessThan(before - 450 * pieceBytes);
      for (let piece = 9; piece < 600; piece += 10)
        expect(store.get(piece)?.every((byte) => byte === piece % 256)).toBe(true);
      store.resize(640);
      for (let piece = 700; piece < 1_000; piece++) expect(fill(store, piece, true)).toBe(true);
      for (let piece = 9; piece < 600; piece += 10) expect(store.get(piece)?.[5]).toBe(piece % 256);
    },
  );

  it('finds a slot for a read at any moment of shrinking', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 40 }), fc.integer({ min: 16, max: 66 }), (leave, wanted) => {
        const store = new PieceStore(shape, 66);
        for (let piece = 0; piece < 50; piece++) fill(store, piece, true);
        store.resize(wanted);
        for (const piece of leave) {
          store.release(piece);
          store.settle();
          const slots = Array.from({ length: 6 }, () => store.takeSlot());
          expect(slots).not.toContain(undefined);
          for (const slot of slots) store.giveBack(slot!);
          for (const kept of store.kept) expect(store.get(kept)?.[0]).toBe(kept);
        }
      }),
      { numRuns: 100 },
    );
  });
});
