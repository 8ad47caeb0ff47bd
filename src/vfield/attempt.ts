// What is known of a wanted piece (a fetch) and of each try to get it from one peer into one slot of the store (an attempt): so that a wrong hash always has exactly
// one author. Plain state; transfers.ts moves the blocks, requests.ts decides, vigilance.ts looks after the late ones.

import type { Peer } from './peer/peer.ts';

/** One piece on its way from one peer. */
export interface Attempt {
  readonly fetch: Fetch;
  readonly peer: Peer;
  readonly slot: number;
  /** One for each block that has come. */
  readonly received: Uint8Array;
  /** Blocks that have not come. */
  left: number;
  /** Next block to ask for. */
  next: number;
  /** Counted in the peer's urgent window. */
  urgent: boolean;
  /** The peer did not have the piece when it was asked: it fetches it for the room. */
  readonly relayed: boolean;
  /** Blocks asked for that have not come. */
  inFlight: number;
  /** Milliseconds of the field's clock. */
  readonly startedAt: number;
  firstBlockAt: number;
  progressAt: number;
}

/** One piece that is wanted. */
export interface Fetch {
  readonly piece: number;
  readonly waiters: Set<(bytes: Uint8Array) => void>;
  /** Somebody on this node waits for it; else it is fetched for other members, and only from who has it. */
  own: boolean;
  /** Since when, in ms of the field's clock. */
  ownSince: number;
  readonly attempts: Attempt[];
  /** All its blocks have come, and their hash is being checked (acceptance.ts); it is in no list of attempts any more. */
  checked: Attempt | undefined;
  /** Peers not to be asked, until then. */
  readonly avoid: Map<Peer, number>;
  /** When to look again for somebody to ask, if nobody could be asked. */
  retryAt: number;
}

export function newFetch(piece: number): Fetch {
  return {
    piece,
    waiters: new Set(),
    own: false,
    ownSince: Number.POSITIVE_INFINITY,
    attempts: [],
    checked: undefined,
    avoid: new Map(),
    retryAt: Number.POSITIVE_INFINITY,
  };
}

/** @param blocks Of the piece. @param now Milliseconds of the field's clock. */
export function newAttempt(
  fetch: Fetch,
  peer: Peer,
  { slot, blocks, urgent, now }: { slot: number; blocks: number; urgent: boolean; now: number },
): Attempt {
  return {
    fetch,
    peer,
    slot,
    received: new Uint8Array(blocks),
    left: blocks,
    next: 0,
    urgent,
    relayed: !peer.has.has(fetch.piece),
    inFlight: 0,
    startedAt: now,
    firstBlockAt: now,
    progressAt: now,
  };
}

/** Some of it has come. */
export function hasBegun({ left, received }: Attempt): boolean {
  return left < received.length;
}
