// Who has what, counted: how many connected peers have each piece, and how many of our nodes hold it in RAM. Pure bookkeeping, owned by the swarm.

import type { Peer } from './peer/peer.ts';

export class Availability {
  /** Connected peers of any kind that have the piece. */
  readonly holders: Uint16Array;
  /** Of those, our nodes that hold it in RAM; without ourselves. */
  readonly ramHolders: Uint16Array;

  constructor(pieceCount: number) {
    this.holders = new Uint16Array(pieceCount);
    this.ramHolders = new Uint16Array(pieceCount);
  }

  /** The peer has one piece more or less. */
  change(peer: Peer, piece: number, by: 1 | -1): void {
    this.holders[piece]! += by;
    if (peer.counted) this.ramHolders[piece]! += by;
  }

  /** Runs `edit`, which may change all of the peer's pieces or what kind of peer it is. */
  recount(peer: Peer, edit: () => void): void {
    for (const piece of peer.has) this.change(peer, piece, -1);
    edit();
    peer.counted = peer.keepsInRam;
    for (const piece of peer.has) this.change(peer, piece, 1);
  }

  /** Copies in RAM of the rarest piece, our own (`kept`) included. */
  leastCopies(kept: { has(piece: number): boolean }): number {
    let least = Number.POSITIVE_INFINITY;
    this.ramHolders.forEach((copies, piece) => {
      least = Math.min(least, copies + (kept.has(piece) ? 1 : 0));
    });
    return Number.isFinite(least) ? least : 0;
  }

  /** Pieces of ours (`kept`) that no connected peer has, in RAM or on a medium. */
  countAlone(kept: Iterable<number>): number {
    let alone = 0;
    for (const piece of kept) if (this.holders[piece] === 0) alone++;
    return alone;
  }
}
