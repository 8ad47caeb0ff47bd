// Sparing the source: whom this node asks for what, so that a piece that only a source has (the first PC's medium, another client, a web server) is fetched from there
// once and spreads among the members from then on. Decides over what peers have announced; owns who is the first owner of what, and since when.

import type { Availability } from './availability.ts';
import type { Clock } from './clock.ts';
import { FirstOwners } from './first-owners.ts';
import type { Metainfo } from './metainfo.ts';
import type { Peer } from './peer/peer.ts';
import type { Placement, PlacementMember } from './placement.ts';
import { capacityOfShare } from './share.ts';
import type { PieceStore } from './store.ts';

/** In the background, a piece that only a source has is left to its first owner for so long: it may not be connected to the source. */
const PATIENCE_MS = 10_000;

export interface SparingOptions {
  readonly clock: Clock;
  readonly availability: Availability;
  readonly store: PieceStore;
  readonly metainfo: Pick<Metainfo, 'pieceBytes' | 'pieceCount'>;
  readonly ownId: string;
  /** Connected peers, by id. */
  readonly peers: () => ReadonlyMap<string, Peer>;
  /** The room is no full mesh: the first owner of a piece may not be connected to the source, which itself gives to one at a time (giving.ts). */
  readonly isLarge: () => boolean;
}

export class Sparing {
  readonly #options: SparingOptions;
  readonly #firstOwners: FirstOwners;
  #members: readonly PlacementMember[] = [];
  #placement: Placement | undefined;

  constructor(options: SparingOptions) {
    this.#options = options;
    this.#firstOwners = new FirstOwners(options.metainfo.pieceCount, () => options.clock.now());
  }

  /** Who keeps pieces in RAM has changed. @param members This node included if it does. */
  onMembers(members: readonly PlacementMember[]): void {
    this.#members = members;
    this.#firstOwners.update(members);
  }

  /** It is known again who keeps what. */
  onPlaced(placement: Placement): void {
    this.#placement = placement;
    this.#firstOwners.update(this.#members, placement);
  }

  /** Whether this peer is to be asked for a piece that nobody waits for: a member for all it has, a source for what this node fetches for the room. */
  mayAsk(peer: Peer, piece: number): boolean {
    if (peer.keepsInRam) return true;
    if (this.#canComeFromMember(piece)) return false;
    const firstOwner = this.#firstOwners.idOf(piece);
    const { clock, ownId, peers, isLarge } = this.#options;
    if (isLarge()) return true;
    if (firstOwner === undefined || firstOwner === ownId) return true;
    return !peers().has(firstOwner) || clock.now() - this.#firstOwners.sinceOf(piece) > PATIENCE_MS;
  }

  /** The member that a reader asks for a piece that no member has: its first owner, if that is another one, and connected. */
  relayOf(piece: number): Peer | undefined {
    if (this.#options.availability.ramHolders[piece]! > 0) return undefined;
    const firstOwner = this.#firstOwners.idOf(piece);
    return firstOwner === undefined ? undefined : this.#options.peers().get(firstOwner);
  }

  /** Whether a peer that gets this piece will tell the others: a member keeps what it owns, and what only a source has while it has room (keeper.ts). */
  willAnnounce({ member, id, has }: Peer, piece: number): boolean {
    if (member?.kind !== 'ram' || member.shareBytes === 0) return false;
    if (this.#placement?.ownersOf(piece).includes(id)) return true;
    const { availability, store, metainfo } = this.#options;
    const isFull = has.count >= capacityOfShare(member.shareBytes, metainfo.pieceBytes);
    return availability.ramHolders[piece] === 0 && !store.has(piece) && !isFull;
  }

  #canComeFromMember(piece: number): boolean {
    const { availability, clock, peers } = this.#options;
    if (availability.ramHolders[piece] === 0) return false;
    const now = clock.now();
    return peers()
      .values()
      .some((peer) => peer.keepsInRam && !peer.chokesUs && peer.slowUntil <= now && peer.has.has(piece));
  }
}
