// What a client asks of a tracker, out of the query of its HTTP request (BEP 3 "trackers", 7, 23, 48). Pure.
// A hash and a peer id are 20 raw bytes, percent-coded; text decoders would destroy them.

import { INFO_HASH_BYTES, PEER_ID_BYTES } from '../peer/handshake.ts';

/** A real announce has some 300 characters; scrapes name several hashes. */
export const MAX_QUERY_CHARACTERS = 2048;
/** Peers named in one answer, whatever the client wants. */
export const MAX_WANTED = 200;
const DEFAULT_WANTED = 50;

export type AnnounceEvent = 'started' | 'completed' | 'stopped' | 'paused';

export interface AnnounceQuery {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** 0 for a client that takes no connections. */
  readonly port: number;
  /** It has the whole content. */
  readonly isSeed: boolean;
  /** None for the regular announce. */
  readonly event?: AnnounceEvent;
  /** How many peers it wants to be told. */
  readonly wanted: number;
}

/** The fields of a query as raw bytes, in their order; undefined when it is too long or has a bad percent sign. */
export function queryFields(query: string): [key: string, value: Uint8Array][] | undefined {
  if (query.length > MAX_QUERY_CHARACTERS || /%(?![0-9a-fA-F]{2})/.test(query)) return undefined;
  return query
    .split('&')
    .filter((field) => field !== '')
    .map((field) => {
      const equals = field.indexOf('=');
      return equals < 0
        ? [field, new Uint8Array(0)]
        : [field.slice(0, equals), percentDecoded(field.slice(equals + 1))];
    });
}

/** @returns a reason for the client instead, when it is no announce. */
export function parseAnnounce(query: string): AnnounceQuery | string {
  const fields = queryFields(query);
  if (!fields) return 'bad query';
  const bytes = new Map(fields);
  const [infoHash, peerId] = [bytes.get('info_hash'), bytes.get('peer_id')];
  if (infoHash?.length !== INFO_HASH_BYTES) return 'info_hash is not 20 bytes';
  if (peerId?.length !== PEER_ID_BYTES) return 'peer_id is not 20 bytes';
  const port = numberOf(bytes.get('port'), 65_535);
  if (port === undefined) return 'port is not 0 to 65535';
  const event = events.find((name) => name === textOf(bytes.get('event')));
  return {
    infoHash,
    peerId,
    port,
    isSeed: numberOf(bytes.get('left'), Number.MAX_SAFE_INTEGER) === 0,
    ...(event ? { event } : {}),
    wanted: Math.min(MAX_WANTED, numberOf(bytes.get('numwant'), Number.MAX_SAFE_INTEGER) ?? DEFAULT_WANTED),
  };
}

/** The hashes that a scrape names; none means all. Undefined for a bad query. */
export function parseScrape(query: string): Uint8Array[] | undefined {
  const fields = queryFields(query);
  return fields?.filter(([key]) => key === 'info_hash').map(([, value]) => value);
}

const events = ['started', 'completed', 'stopped', 'paused'] as const;

function percentDecoded(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '%') {
      bytes[length++] = Number.parseInt(text.slice(at + 1, at + 3), 16);
      at += 2;
    } else bytes[length++] = text.charCodeAt(at);
  }
  return bytes.slice(0, length);
}

function numberOf(bytes: Uint8Array | undefined, limit: number): number | undefined {
  const text = textOf(bytes);
  return /^\d{1,16}$/.test(text) && Number(text) <= limit ? Number(text) : undefined;
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes ? String.fromCharCode(...bytes) : '';
}
