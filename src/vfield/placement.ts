// Who keeps which piece in RAM. Pure and deterministic: every member that knows the same members comes to the same answer, so
// nobody has to be asked and nothing has to be agreed on.
//
// Weighted rendezvous hashing with bounded load. Each (piece, member) pair has a key, an exponentially distributed integer from a hash
// divided by the member's capacity; a piece wants the R members with the smallest keys, a member takes at most its capacity and prefers
// its smallest keys. Since both sides judge by the same key, there is one stable assignment, and a change of the members moves little
// more than it must (placement-table.ts). Where the bound leaves a piece short although there is room, places are swapped along the shortest
// chain until all have R copies (placement-swaps.ts): possible whenever the sum of min(capacity, pieces) is at least R times the pieces.
// R = floor(that sum / pieces), at least 1: below one whole copy, what there is room for is placed, what every boot reads first.
// Cost: about pieces x members hashes. Medium holders are not members here: they may be pulled out at any moment.

import { BitSet } from './bitset.ts';
import { seedOf } from './placement-keys.ts';
import { PlacementSide } from './placement-side.ts';
import { PlacementSwaps } from './placement-swaps.ts';
import { PlacementTable } from './placement-table.ts';

export { mix, pieceKey, seedOf } from './placement-keys.ts';

/** Pieces between two pauses while the answer is put in order. */
const PIECES_PER_STEP = 16;

/** A node that gives RAM to the field. */
export interface PlacementMember {
  /** The same text on every node. */
  readonly id: string;
  /** Pieces that it can keep, >= 0. */
  readonly capacityPieces: number;
}

export interface Placement {
  /** Copies that every piece has when all is fetched; 0 when the members together cannot hold the image. */
  readonly copies: number;
  /** Ids of the members that are to keep `piece`, the surest one first. */
  ownersOf(piece: number): readonly string[];
  /** What the member with this id is to keep. */
  piecesOf(id: string): BitSet;
}

/** Pieces that a boot reads (the boot trace): advice, which members may not all know. */
export type BootPieces = ReadonlySet<number>;

/** Decides who keeps what, in one go. @param pieceCount Pieces of the image. */
export function placePieces(members: readonly PlacementMember[], pieceCount: number, boot?: BootPieces): Placement {
  const work = planPlacement(members, pieceCount, boot);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** The same in steps of some 20 to 100 microseconds, with 200 members; the last one gives the answer. */
export function* planPlacement(
  members: readonly PlacementMember[],
  pieceCount: number,
  boot?: BootPieces,
): Generator<void, Placement> {
  const able = members.filter((member) => member.capacityPieces > 0).sort((a, b) => (a.id < b.id ? -1 : 1));
  const room = able.reduce((sum, member) => sum + Math.min(member.capacityPieces, pieceCount), 0);
  const copies = Math.floor(room / Math.max(1, pieceCount));
  const target = Math.min(Math.max(1, copies), able.length);
  // Only where not every piece has a place anyway: members that know different traces would place by different tables.
  const rather = copies === 0 ? boot : undefined;
  const sides: PlacementSide[] = [];
  for (const { id, capacityPieces } of able) {
    sides.push(new PlacementSide(seedOf(id), Math.min(capacityPieces, pieceCount), rather));
    yield;
  }
  const table = new PlacementTable(sides, pieceCount, target);
  yield* table.propose();
  yield* new PlacementSwaps(table).fill();
  yield* bestFirst(table);
  return {
    copies,
    ownersOf: (piece) => Array.from(table.holders.of(piece), (member) => able[member]!.id),
    piecesOf: (id) =>
      piecesOf(
        table,
        able.findIndex((member) => member.id === id),
      ),
  };
}

function* bestFirst(table: PlacementTable): Generator<void> {
  const keys = new Map<number, number>();
  for (let piece = 0; piece < table.holders.pieceCount; piece++) {
    const holders = table.holders.of(piece);
    for (const member of holders) keys.set(member, table.key(piece, member));
    holders.sort((a, b) => keys.get(a)! - keys.get(b)! || a - b);
    if (piece % PIECES_PER_STEP === 0) yield;
  }
}

function piecesOf(table: PlacementTable, member: number): BitSet {
  const set = new BitSet(table.holders.pieceCount);
  if (member >= 0) for (const piece of table.holders.piecesOf(member)) set.add(piece);
  return set;
}
