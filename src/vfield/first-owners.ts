// Who fetches a piece for the room: the first that placement names as its owner, and before placement is known, or for what nobody has room for, the member whom
// placement would ask first (rendezvous hashing, weighted by what each can keep). All members that know each other agree on it without asking. What only a source
// has is asked there by this one alone; the others get it from it. So the first PC sends each piece about once, however many boot.

import { type Placement, type PlacementMember, pieceKey, seedOf } from './placement.ts';

const UNKNOWN = -2;
const NOBODY = -1;

export class FirstOwners {
  #members: readonly { id: string; seed: number; capacity: number }[] = [];
  #placement: Placement | undefined;
  /** Index in #members for each piece, worked out when first asked for. */
  readonly #cache: Int32Array;
  /** Who it was when last asked for, and since when. */
  readonly #ids: (string | undefined)[] = [];
  readonly #since: Float64Array;
  readonly #now: () => number;

  /** @param now Milliseconds. */
  constructor(pieceCount: number, now: () => number) {
    this.#cache = new Int32Array(pieceCount).fill(UNKNOWN);
    this.#since = new Float64Array(pieceCount);
    this.#now = now;
  }

  /** @param members Who keeps pieces in RAM, this node included if it does. @param placement Of these members, when it is known. */
  update(members: readonly PlacementMember[], placement?: Placement): void {
    this.#placement = placement;
    this.#members = members
      .filter(({ capacityPieces }) => capacityPieces > 0)
      .map(({ id, capacityPieces }) => ({ id, seed: seedOf(id), capacity: capacityPieces }));
    this.#cache.fill(UNKNOWN);
  }

  /** The id of the member that fetches `piece`; undefined when no member keeps anything. */
  idOf(piece: number): string | undefined {
    if (this.#cache[piece] === UNKNOWN) this.#cache[piece] = this.#find(piece);
    return this.#members[this.#cache[piece]!]?.id;
  }

  /** Since when it has been this member, as far as was asked; other members may have come and gone meanwhile. */
  sinceOf(piece: number): number {
    const id = this.idOf(piece);
    if (this.#ids[piece] !== id) {
      this.#ids[piece] = id;
      this.#since[piece] = this.#now();
    }
    return this.#since[piece]!;
  }

  #find(piece: number): number {
    const owner = this.#placement?.ownersOf(piece)[0];
    const index = owner === undefined ? NOBODY : this.#members.findIndex(({ id }) => id === owner);
    return index === NOBODY ? this.#rendezvous(piece) : index;
  }

  #rendezvous(piece: number): number {
    let chosen = NOBODY;
    let least = Number.POSITIVE_INFINITY;
    this.#members.forEach(({ seed, capacity }, index) => {
      const key = pieceKey(piece, seed, capacity);
      if (key >= least) return;
      least = key;
      chosen = index;
    });
    return chosen;
  }
}
