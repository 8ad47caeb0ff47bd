// Whom to ask: pure choices over what is known of the peers.

import type { Fetch } from './attempt.ts';
import type { Peer } from './peer/peer.ts';
import { mix } from './placement.ts';

/** A second peer is asked when the first is later than it usually is, within these bounds. */
const MIN_HEDGE_MS = 15;
const MAX_HEDGE_MS = 250;
/** Before anything was measured. */
const FIRST_HEDGE_MS = 60;
/** A member that has the piece in RAM is preferred to one that reads a medium, and to other clients, by this factor. */
const SOURCE_FACTOR = 1.5;
/** The same while a relay can be asked: what the source has sent to nobody yet, it should send once. */
const SPARED_SOURCE_FACTOR = 12;
/** The relay has to fetch the piece first. */
const RELAY_FACTOR = 3;
const SLOW_FACTOR = 100;
/** Peers whose expected times differ by less than this are alike: pieces are spread over them. */
const ALIKE_FACTOR = 1.25;

export interface Choice {
  readonly fetch: Fetch;
  /** Bytes of the piece. */
  readonly bytes: number;
  readonly now: number;
  /** Who is to fetch the piece for the room, and may be asked before it has it. */
  readonly relay: Peer | undefined;
  /** Of the asking node: so that different nodes spread the same pieces differently. */
  readonly seed: number;
}

/** The peer from which the piece will probably be here first; undefined when nobody can be asked. */
export function choosePeer(peers: Iterable<Peer>, choice: Choice): Peer | undefined {
  const able: { peer: Peer; ms: number }[] = [];
  let leastMs = Number.POSITIVE_INFINITY;
  for (const peer of peers) {
    if (!canAsk(peer, choice)) continue;
    const ms = expectedMs(peer, choice);
    able.push({ peer, ms });
    leastMs = Math.min(leastMs, ms);
  }
  return smallestHash(
    able.filter(({ ms }) => ms <= leastMs * ALIKE_FACTOR),
    choice,
  );
}

function smallestHash(alike: readonly { peer: Peer }[], { fetch, seed }: Choice): Peer | undefined {
  let chosen: Peer | undefined;
  for (const { peer } of alike) {
    if (!chosen || mix(fetch.piece, seed ^ peer.seed) < mix(fetch.piece, seed ^ chosen.seed)) chosen = peer;
  }
  return chosen;
}

/** When nobody else is left, a peer that is to be avoided for a while may be asked again after it. */
function canAsk(peer: Peer, { fetch, now, relay }: Choice): boolean {
  if (peer.chokesUs || peer.wire.closed) return false;
  if (peer !== relay && !peer.has.has(fetch.piece)) return false;
  if ((fetch.avoid.get(peer) ?? 0) > now) return false;
  return !peer.attempts.has(fetch.piece);
}

function expectedMs(peer: Peer, { fetch, bytes, now, relay }: Choice): number {
  const ms = peer.rating.expectedMs(bytes + peer.urgentBytesInFlight, peer.member !== undefined);
  const slow = peer.slowUntil > now ? SLOW_FACTOR : 1;
  if (!peer.has.has(fetch.piece)) return ms * slow * RELAY_FACTOR;
  if (peer.keepsInRam) return ms * slow;
  return ms * slow * (relay ? SPARED_SOURCE_FACTOR : SOURCE_FACTOR);
}

/** How long a piece that is waited for may take before a second peer is asked too, in ms. @param isRelayed The peer must fetch it first. */
export function hedgeDelayMs(peer: Peer, isRelayed: boolean): number {
  if (isRelayed) return MAX_HEDGE_MS;
  return Math.min(MAX_HEDGE_MS, Math.max(MIN_HEDGE_MS, peer.rating.usualLimitMs ?? FIRST_HEDGE_MS));
}
