// What a cell asks of the host about the room: one question of several kinds, plain data, so that it crosses to a rune's thread or process as it is.

import type { Member, MemberChange, RemoteCall } from '../../cluster/cluster.ts';
import type { FoundOffer, OfferLabels, Where } from '../contract/room.ts';

export interface FindRequest {
  readonly kind: 'find';
  readonly name: string;
  readonly version: number;
  readonly where: Where;
}

export interface RoomCallRequest {
  readonly kind: 'call';
  readonly memberId: string;
  readonly call: RemoteCall;
  readonly timeoutMs?: number;
  /** Given when the call may be asked twice: where else it may be asked. */
  readonly elsewhere?: Where;
}

export type RoomRequest =
  | FindRequest
  | RoomCallRequest
  | { readonly kind: 'label'; readonly name: string; readonly now: OfferLabels }
  | { readonly kind: 'members' }
  /** From now on this rune is told of members that come, change and go. */
  | { readonly kind: 'watch' };

/** What each kind is answered with. */
export type RoomReply = readonly FoundOffer[] | readonly Member[] | unknown;

export type { Member, MemberChange };
