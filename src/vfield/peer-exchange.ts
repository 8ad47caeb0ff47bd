// Telling peers of each other (BEP 11): each gets the addresses of our other live peers that it has not been told, our own nodes soon, foreign clients once a
// minute. So a node that knows one member soon knows all.

import { encodePeerExchange, MAX_EXCHANGED_ADDRESSES } from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';

const MEMBER_INTERVAL_MS = 5;
const FOREIGN_INTERVAL_MS = 60_000;

/** Sends what is new to whom it is new. @param now Milliseconds of the field's clock. */
export function exchangePeers(peers: ReadonlyMap<string, Peer>, now: number): void {
  for (const peer of peers.values()) {
    if (peer.extensions.ut_pex === undefined) continue;
    if (now - peer.toldAt < (peer.member ? MEMBER_INTERVAL_MS : FOREIGN_INTERVAL_MS)) continue;
    const added = newsFor(peer, peers);
    if (added.length === 0) continue;
    peer.toldAt = now;
    for (const address of added) peer.told.add(address);
    peer.extend('ut_pex', encodePeerExchange(added));
  }
}

function newsFor(peer: Peer, peers: ReadonlyMap<string, Peer>): string[] {
  const added: string[] = [];
  for (const { dialAddress } of peers.values()) {
    if (dialAddress === undefined || dialAddress === peer.dialAddress || peer.told.has(dialAddress)) continue;
    added.push(dialAddress);
    if (added.length === MAX_EXCHANGED_ADDRESSES) break;
  }
  return added;
}
