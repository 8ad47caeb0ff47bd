// Whom to ask: pure choices over what is known of the peers.

import type { Peer } from './peer/peer.ts';
import type { Fetch } from './requests.ts';

/** A second peer is asked when the first takes so many times its usual time, within these bounds. */
const HEDGE_FACTOR = 3;
const MIN_HEDGE_MS = 15;
const MAX_HEDGE_MS = 250;
/** Requests that make a peer seem twice as far away. */
const LOAD_DOUBLES_AT = 16;
/** One of our nodes with the piece in RAM is preferred to one that reads a medium by this factor. */
const MEDIUM_FACTOR = 1.5;
const SLOW_FACTOR = 100;

/** The peer from which `fetch` will probably be done first; undefined when nobody can be asked. */
export function choosePeer(peers: Iterable<Peer>, fetch: Fetch, now: number): Peer | undefined {
  let best: Peer | undefined;
  let bestMs = Number.POSITIVE_INFINITY;
  for (const peer of peers) {
    if (!canAsk(peer, fetch, now)) continue;
    const ms = expectedMs(peer, now);
    if (ms >= bestMs) continue;
    best = peer;
    bestMs = ms;
  }
  return best;
}

/** When nobody else is left, a peer that is to be avoided for a while may be asked again after it. */
function canAsk(peer: Peer, fetch: Fetch, now: number): boolean {
  if (peer.chokesUs || peer.wire.closed || !peer.has.has(fetch.piece)) return false;
  if ((fetch.avoid.get(peer) ?? 0) > now) return false;
  return !peer.attempts.has(fetch.piece);
}

function expectedMs(peer: Peer, now: number): number {
  const load = 1 + peer.urgentInFlight / LOAD_DOUBLES_AT;
  const medium = peer.member?.kind === 'medium' ? MEDIUM_FACTOR : 1;
  const slow = peer.slowUntil > now ? SLOW_FACTOR : 1;
  return peer.pieceMs * load * medium * slow;
}

/** How long a piece that is waited for may take before a second peer is asked too, in ms. */
export function hedgeDelayMs(peer: Peer): number {
  return Math.min(MAX_HEDGE_MS, Math.max(MIN_HEDGE_MS, HEDGE_FACTOR * peer.pieceMs));
}
