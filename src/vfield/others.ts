// What the other members of the room hold in RAM and have room for, as far as they have told us. Looks at the peers; owns nothing.

import type { Peer } from './peer/peer.ts';
import { capacityOfShare, mostKept } from './share.ts';

export class Others {
  readonly #peers: () => ReadonlyMap<string, Peer>;
  readonly #ownId: string;
  readonly #pieceBytes: number;

  constructor(peers: () => ReadonlyMap<string, Peer>, ownId: string, pieceBytes: number) {
    this.#peers = peers;
    this.#ownId = ownId;
    this.#pieceBytes = pieceBytes;
  }

  /** One of these members is connected and has announced `piece` from its RAM. */
  isHeldBy(piece: number, members: readonly string[]): boolean {
    const peers = this.#peers();
    return members.some((id) => {
      const peer = peers.get(id);
      return peer?.keepsInRam === true && peer.has.has(piece);
    });
  }

  /**
   * A member that is to keep a surplus copy rather than we holds `piece` in RAM: of two holders the one within its share, then the one of the
   * smaller id, so that never both rely on each other. @param over We hold more than our share.
   */
  isKeptRather(piece: number, over: boolean): boolean {
    for (const peer of this.#peers().values()) {
      if (!peer.keepsInRam || !peer.has.has(piece)) continue;
      const isOver = peer.has.count > capacityOfShare(peer.member!.shareBytes, this.#pieceBytes);
      if (isOver === over ? peer.id < this.#ownId : over) return true;
    }
    return false;
  }

  /** All of these members hold so much that they cannot take a piece of their own before another leaves. */
  areFull(members: readonly string[]): boolean {
    const peers = this.#peers();
    return members.every((id) => {
      const peer = peers.get(id);
      return peer?.member !== undefined && peer.has.count >= mostKept(peer.member.shareBytes, this.#pieceBytes);
    });
  }
}
