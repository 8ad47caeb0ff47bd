// The image on an HTTP server, as BitTorrent names it: BEP 19 (GetRight: a file that is asked for ranges) and BEP 17 (Hoffman: a script that is asked for
// pieces). Pure: addresses, and what one request for some pieces looks like.

import { ViverError } from '../../errors.ts';
import { type BencodeValue, decodeBencode, encodeBencode } from '../bencode.ts';
import type { MetainfoCore } from '../metainfo.ts';

/** Web seeds taken from one metainfo or link. */
export const MAX_WEB_SEEDS = 16;
const MAX_URL_CHARACTERS = 2048;

export interface WebSeed {
  readonly url: string;
  /** `file`: BEP 19; `script`: BEP 17. */
  readonly kind: 'file' | 'script';
}

/** One GET: an address and, for a file, the bytes wanted of it, both ends included. */
export interface WebRequest {
  readonly url: string;
  readonly range?: { readonly first: number; readonly last: number };
  /** Bytes that the answer has to have. */
  readonly bytes: number;
}

/** Whether this is an address that a web seed can have. */
export function isWebUrl(text: string): boolean {
  if (text.length > MAX_URL_CHARACTERS) return false;
  const url = URL.parse(text);
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.hostname !== '';
}

/** @throws ViverError `WEBSEED_URL` */
export function fileWebSeed(url: string): WebSeed {
  if (!isWebUrl(url))
    throw new ViverError('WEBSEED_URL', `web seed ${url.slice(0, 60)}: no http:// or https:// address`);
  return { url, kind: 'file' };
}

/** Each address once, the first that names it counts, and not more of them than are taken. */
export function joinWebSeeds(seeds: readonly WebSeed[]): WebSeed[] {
  const byUrl = new Map(seeds.toReversed().map((seed) => [seed.url, seed]));
  return [...new Set(seeds.map(({ url }) => byUrl.get(url)!))].slice(0, MAX_WEB_SEEDS);
}

/** The web seeds that a metainfo file names by its keys `url-list` and `httpseeds`; what can't be used is left out. */
export function webSeedsOf(top: ReadonlyMap<string, Uint8Array>): WebSeed[] {
  const seeds = [
    ...urlsOf(top.get('url-list')).map((url): WebSeed => ({ url, kind: 'file' })),
    ...urlsOf(top.get('httpseeds')).map((url): WebSeed => ({ url, kind: 'script' })),
  ];
  return joinWebSeeds(seeds);
}

/** The value of `url-list` or `httpseeds`; undefined when there is nothing to say. */
export function encodeWebSeeds(seeds: readonly WebSeed[], kind: WebSeed['kind']): Uint8Array | undefined {
  const urls = seeds.filter((seed) => seed.kind === kind).map(({ url }) => url);
  return urls.length > 0 ? encodeBencode(urls) : undefined;
}

/** The request for `count` pieces from `piece` on; a script gives one at a time. */
export function webRequest(seed: WebSeed, metainfo: MetainfoCore, piece: number, count: number): WebRequest {
  const first = piece * metainfo.pieceBytes;
  const bytes = Math.min(count * metainfo.pieceBytes, metainfo.lengthBytes - first);
  if (seed.kind === 'script') return { url: scriptUrl(seed.url, metainfo, `piece=${piece}`), bytes };
  return { url: fileUrl(seed.url, metainfo), range: { first, last: first + bytes - 1 }, bytes };
}

/** Bytes of the smallest range that is asked for: busybox httpd takes the end 0 of `bytes=0-0` for none, and sends all (docs/quirks.md). */
export const LEAST_RANGE_BYTES = 2;

/** The smallest request that shows whether the image can be had. */
export function probeRequest(seed: WebSeed, metainfo: MetainfoCore): WebRequest {
  if (seed.kind === 'script') return { url: scriptUrl(seed.url, metainfo, 'piece=0&ranges=0-0'), bytes: 1 };
  return {
    url: fileUrl(seed.url, metainfo),
    range: { first: 0, last: LEAST_RANGE_BYTES - 1 },
    bytes: LEAST_RANGE_BYTES,
  };
}

/** BEP 19: an address that ends with a slash is a folder. */
function fileUrl(url: string, { name }: MetainfoCore): string {
  return url.endsWith('/') ? `${url}${encodeURIComponent(name)}` : url;
}

function scriptUrl(url: string, { infoHashV1 }: MetainfoCore, query: string): string {
  const hash = Array.from(infoHashV1, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return `${url}${url.includes('?') ? '&' : '?'}info_hash=${hash}&${query}`;
}

/** One text or a list of texts: both are written by real programs. */
function urlsOf(span: Uint8Array | undefined): string[] {
  if (!span) return [];
  const value = decodeBencode(span);
  return (Array.isArray(value) ? value : [value]).map(textOf).filter((text) => isWebUrl(text));
}

function textOf(value: BencodeValue): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}
