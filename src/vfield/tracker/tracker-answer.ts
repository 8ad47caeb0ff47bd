// A tracker's answers in bencode: peers in compact form (BEP 23, IPv6 by BEP 7), counts (BEP 48), or why not. Pure.
// Always compact, as BEP 23 allows: a client that can't read it has not been made for fifteen years.

import { encodeBencode, encodeSpans } from '../bencode.ts';
import { compactAddresses } from '../peer/compact-addresses.ts';

export interface SwarmCounts {
  /** Who has the whole content. */
  readonly complete: number;
  readonly incomplete: number;
  /** Downloads finished, as announced to this tracker. */
  readonly downloaded: number;
}

export interface AnnounceAnswer extends SwarmCounts {
  readonly intervalSeconds: number;
  readonly leastIntervalSeconds: number;
  /** `host:port`. */
  readonly peers: readonly string[];
}

export function encodeAnnounceAnswer(answer: AnnounceAnswer): Uint8Array {
  const { four, six } = compactAddresses(answer.peers);
  return encodeBencode({
    complete: answer.complete,
    incomplete: answer.incomplete,
    interval: answer.intervalSeconds,
    'min interval': answer.leastIntervalSeconds,
    peers: four,
    ...(six.length > 0 ? { peers6: six } : {}),
  });
}

/** The same counts under each of the hashes asked for: they are names of one image. */
export function encodeScrapeAnswer(infoHashes: readonly Uint8Array[], counts: SwarmCounts): Uint8Array {
  const { complete, downloaded, incomplete } = counts;
  const file = encodeBencode({ complete, downloaded, incomplete });
  const files = new Map(infoHashes.map((hash) => [Buffer.from(hash).toString('latin1'), file]));
  return encodeSpans(new Map([['files', encodeSpans(files)]]));
}

export function encodeFailure(reason: string): Uint8Array {
  return encodeBencode({ 'failure reason': reason });
}
