import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix, type Placement, type PlacementMember, placePieces } from './placement.ts';

const member = (name: number | string, capacityPieces: number): PlacementMember => ({
  id: `node-${name}`,
  capacityPieces,
});

/** Pairs of piece and member that `after` has and `before` has not. */
function gained(before: Placement, after: Placement, pieces: number, except?: string): number {
  let count = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const old = before.ownersOf(piece);
    count += after.ownersOf(piece).filter((id) => id !== except && !old.includes(id)).length;
  }
  return count;
}

/** Copies that any placement with as many of them as `after` has to make, given what `before` left. */
function leastMoves(before: Placement, after: Placement, pieces: number): number {
  const members = new Set(Array.from({ length: pieces }, (_, piece) => after.ownersOf(piece)).flat());
  let count = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const left = before.ownersOf(piece).filter((id) => members.has(id)).length;
    count += Math.max(0, after.copies - left);
  }
  return count;
}

const rooms = fc.record({
  pieces: fc.integer({ min: 1, max: 300 }),
  capacities: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 12 }),
});

describe('what every boot reads', () => {
  it('has the room to itself where the image has none, and changes nothing where it has', () => {
    fc.assert(
      fc.property(rooms, fc.integer({ min: 0, max: 0xffff_ffff }), ({ pieces, capacities }, seed) => {
        const members = capacities.map((capacity, name) => member(name, capacity));
        const boot = new Set(
          Array.from({ length: pieces }, (_, piece) => piece).filter((piece) => mix(piece, seed) & 1),
        );
        const [without, along] = [placePieces(members, pieces), placePieces(members, pieces, boot)];
        const owned = (piece: number): boolean => along.ownersOf(piece).length > 0;
        const places = Array.from({ length: pieces }, (_, piece) => along.ownersOf(piece).length);
        if (without.copies > 0) {
          for (let piece = 0; piece < pieces; piece++) expect(along.ownersOf(piece)).toEqual(without.ownersOf(piece));
        } else if (places.some((count, piece) => count > 0 && !boot.has(piece))) {
          for (const piece of boot) expect(owned(piece)).toBe(true);
        }
        expect(places.reduce((sum, count) => sum + count, 0)).toBe(
          Array.from({ length: pieces }, (_, piece) => without.ownersOf(piece).length).reduce((a, b) => a + b, 0),
        );
      }),
    );
  });
});

describe('placePieces', () => {
  it('gives every piece its copies and nobody more than its share', () => {
    fc.assert(
      fc.property(rooms, ({ pieces, capacities }) => {
        const placement = placePieces(
          capacities.map((capacity, at) => member(at, capacity)),
          pieces,
        );
        const room = capacities.reduce((sum, capacity) => sum + Math.min(capacity, pieces), 0);
        expect(placement.copies).toBe(Math.floor(room / pieces));
        const load = new Map<string, number>();
        let placed = 0;
        for (let piece = 0; piece < pieces; piece++) {
          const owners = placement.ownersOf(piece);
          expect(new Set(owners).size).toBe(owners.length);
          expect(owners.length).toBeGreaterThanOrEqual(placement.copies);
          placed += owners.length;
          for (const id of owners) load.set(id, (load.get(id) ?? 0) + 1);
        }
        capacities.forEach((capacity, at) => {
          expect(load.get(`node-${at}`) ?? 0).toBeLessThanOrEqual(capacity);
          expect(placement.piecesOf(`node-${at}`).count).toBe(load.get(`node-${at}`) ?? 0);
        });
        if (placement.copies === 0) expect(placed).toBe(room);
      }),
      { numRuns: 150 },
    );
  });

  it('does not depend on the order in which members are known', () => {
    fc.assert(
      fc.property(rooms, fc.infiniteStream(fc.nat()), ({ pieces, capacities }, noise) => {
        const members = capacities.map((capacity, at) => member(at, capacity));
        const shuffled = members
          .map((value) => ({ value, by: noise.next().value ?? 0 }))
          .sort((a, b) => a.by - b.by)
          .map(({ value }) => value);
        const [one, other] = [placePieces(members, pieces), placePieces(shuffled, pieces)];
        for (let piece = 0; piece < pieces; piece++) expect(one.ownersOf(piece)).toEqual(other.ownersOf(piece));
      }),
      { numRuns: 50 },
    );
  });

  it('moves little more than what a leaving member had', () => {
    const pieces = 2000;
    const members = Array.from({ length: 11 }, (_, at) => member(at, 500));
    const before = placePieces(members, pieces);
    const after = placePieces(members.slice(1), pieces);
    expect(before.copies).toBe(2);
    expect(after.copies).toBe(2);
    const least = before.piecesOf('node-0').count;
    expect(gained(before, after, pieces)).toBeLessThanOrEqual(least * 1.2);
  });

  it('moves little more than what a joining member takes', () => {
    const pieces = 2000;
    const members = Array.from({ length: 9 }, (_, at) => member(at, 500));
    const before = placePieces(members, pieces);
    const after = placePieces([...members, member('new', 500)], pieces);
    expect([before.copies, after.copies]).toEqual([2, 2]);
    expect(after.piecesOf('node-new').count).toBeGreaterThan(300);
    expect(gained(before, after, pieces, 'node-new')).toBeLessThanOrEqual(after.piecesOf('node-new').count * 0.2);
  });

  it('stays near the least also where the room is tight', () => {
    const pieces = 1000;
    const members = Array.from({ length: 6 }, (_, at) => member(at, 215));
    const before = placePieces(members, pieces);
    const after = placePieces(members.slice(0, 5), pieces);
    expect(after.copies).toBe(1);
    expect(gained(before, after, pieces)).toBeLessThanOrEqual(before.piecesOf('node-5').count * 3);
  });

  it('shares out by capacity', () => {
    const placement = placePieces([member('big', 3000), member('small', 1000)], 2000);
    expect(placement.copies).toBe(1);
    expect(placement.piecesOf('node-big').count).toBeGreaterThan(1200);
  });

  it('moves near the least in any room when one member joins or leaves', () => {
    const anyRoom = fc.record({
      pieces: fc.integer({ min: 100, max: 900 }),
      shares: fc.array(fc.integer({ min: 10, max: 100 }), { minLength: 3, maxLength: 24 }),
      newcomer: fc.integer({ min: 10, max: 100 }),
    });
    const total = { least: 0, moved: 0 };
    fc.assert(
      fc.property(anyRoom, ({ pieces, shares, newcomer }) => {
        const members = shares.map((percent, at) => member(at, Math.ceil((percent * pieces) / 100)));
        const [without, before] = [placePieces(members.slice(1), pieces), placePieces(members, pieces)];
        const after = placePieces([...members, member('new', Math.ceil((newcomer * pieces) / 100))], pieces);
        fc.pre(without.copies >= 1);
        for (const [from, to, who] of [
          [before, without, before.piecesOf('node-0').count],
          [before, after, after.piecesOf('node-new').count],
        ] as const) {
          const least = Math.max(leastMoves(from, to, pieces), to === after ? who : 0);
          const places = to.copies * pieces;
          total.least += least;
          total.moved += gained(from, to, pieces);
          expect(gained(from, to, pieces) - least).toBeLessThanOrEqual(who + places / 20);
        }
      }),
      { numRuns: 150 },
    );
    expect(total.moved / total.least).toBeLessThan(1.5);
  });
});
