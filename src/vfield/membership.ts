// Who keeps pieces in RAM, and who of them is to keep what: reckoned anew once for a burst of changes. Owns the timers and the reckoning; what follows from
// it is the owner's.

import { type Clock, debounced } from './clock.ts';
import type { Metainfo } from './metainfo.ts';
import type { MemberHello } from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';
import type { BootPieces, Placement, PlacementMember } from './placement.ts';
import { Placer } from './placer.ts';
import { capacityOfShare } from './share.ts';

/** A change of members is answered with a new placement after so long, once for a whole burst. */
const PLACE_MS = 400;
/** Members are told of a new one after so long: those that start together meet before they have fetched much. */
const INTRODUCE_MS = 5;

export interface MembershipOwner {
  readonly clock: Clock;
  readonly metainfo: Pick<Metainfo, 'pieceBytes' | 'pieceCount'>;
  /** What this node says of itself. */
  self(): MemberHello;
  peers(): Iterable<Peer>;
  /** What a boot reads; undefined while that is not known. */
  boot(): BootPieces | undefined;
  /** Who keeps pieces has changed. */
  onMembers(members: readonly PlacementMember[]): void;
  /** Members are to be told of each other. */
  introduce(): void;
  onPlaced(placement: Placement): void;
}

export class Membership {
  readonly #owner: MembershipOwner;
  readonly #placer: Placer;
  readonly #placeSoon: { call(): void; cancel(): void };
  readonly #introduceSoon: { call(): void; cancel(): void };

  constructor(owner: MembershipOwner) {
    this.#owner = owner;
    this.#placer = new Placer(owner.clock, owner.metainfo.pieceCount, (placement) => owner.onPlaced(placement));
    this.#placeSoon = debounced(owner.clock, PLACE_MS, () => this.#place());
    this.#introduceSoon = debounced(owner.clock, INTRODUCE_MS, () => owner.introduce());
  }

  /** The node begins, perhaps alone. */
  begin(): void {
    this.#owner.onMembers(this.#members());
    this.#place();
  }

  /** A member has come, changed or gone: who fetches what for the room is known at once, who keeps what after the burst. */
  changed(): void {
    this.#owner.onMembers(this.#members());
    this.#introduceSoon.call();
    this.#placeSoon.call();
  }

  /** This node gives more or less RAM. */
  shareChanged(): void {
    this.#placeSoon.call();
  }

  /** It is known now what a boot reads. */
  bootKnown(): void {
    this.#placeSoon.call();
  }

  close(): void {
    this.#placeSoon.cancel();
    this.#introduceSoon.cancel();
    this.#placer.close();
  }

  #place(): void {
    this.#placer.place(this.#members(), this.#owner.boot());
  }

  /** This node included. */
  #members(): PlacementMember[] {
    const { self, peers, metainfo } = this.#owner;
    const hellos = [self(), ...Array.from(peers(), (peer) => peer.member)];
    return hellos
      .filter((hello) => hello?.kind === 'ram')
      .map((hello) => ({ id: hello!.id, capacityPieces: capacityOfShare(hello!.shareBytes, metainfo.pieceBytes) }));
  }
}
