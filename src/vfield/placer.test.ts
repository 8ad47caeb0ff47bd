import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import type { Placement, PlacementMember } from './placement.ts';
import { placePieces } from './placement.ts';
import { Placer } from './placer.ts';

const PIECES = 3_000;
const room = (count: number): PlacementMember[] =>
  Array.from({ length: count }, (_, at) => ({ id: `node-${at}`, capacityPieces: 1_000 }));

/** A clock on which a look at the time costs a tenth of a millisecond, as some steps of work do. */
class WorkingClock extends VirtualClock {
  #worked = 0;

  override now(): number {
    this.#worked += 0.1;
    return super.now() + this.#worked;
  }
}

function owners(placement: Placement): readonly string[][] {
  return Array.from({ length: PIECES }, (_, piece) => [...placement.ownersOf(piece)]);
}

describe('a placement in slices', () => {
  it('leaves time for other work, and comes to the same answer', async () => {
    const clock = new WorkingClock();
    const placements: Placement[] = [];
    const placer = new Placer(clock, PIECES, (placement) => placements.push(placement));
    placer.place(room(12));
    expect(placements).toEqual([]);
    await clock.runUntil(() => placements.length > 0, 60_000);
    expect(clock.events).toBeGreaterThan(10);
    expect(owners(placements[0]!)).toEqual(owners(placePieces(room(12), PIECES)));
  });

  it('is finished when members change meanwhile, and made once more for the last of the changes', async () => {
    const clock = new WorkingClock();
    const placements: Placement[] = [];
    const placer = new Placer(clock, PIECES, (placement) => placements.push(placement));
    placer.place(room(12));
    await clock.runUntil(() => clock.events === 3, 60_000);
    placer.place(room(13));
    placer.place(room(14));
    await clock.run(60_000);
    expect(placements.map((placement) => placement.copies)).toEqual([4, 4]);
    expect(owners(placements[1]!)).toEqual(owners(placePieces(room(14), PIECES)));
  });

  it('ends with the field', async () => {
    const clock = new WorkingClock();
    const placements: Placement[] = [];
    const placer = new Placer(clock, PIECES, (placement) => placements.push(placement));
    placer.place(room(12));
    placer.close();
    await clock.run(60_000);
    expect(placements).toEqual([]);
  });
});
