// What a .torrent tells a node of ours about an image: everything in the hybrid form; in the version 1 form, which the kit writes for old clients, the image's
// name under the top-level key `viver`, by which any member gives the rest. Pure; what comes in is untrusted.

import { bytesOfSpan, decodeBencode, dictionarySpans, encodeBencode } from './bencode.ts';
import { SHA256_BYTES } from './hash.ts';
import { decodeMetainfo, type Metainfo } from './metainfo.ts';
import { formatAddress } from './transport.ts';

/** More trackers than a file has that is meant to be used. */
const MAX_TRACKERS = 64;

export interface TorrentImage {
  /** `name` is the SHA-256 info hash, for who asks members for the metainfo. */
  readonly image:
    | { readonly kind: 'metainfo'; readonly metainfo: Metainfo }
    | { readonly kind: 'name'; readonly infoHashV2: Uint8Array };
  /** `host:port` of each tracker. A node is the tracker of its image on the port where it is a peer. */
  readonly trackers: readonly string[];
}

/** @throws ViverError BENCODE_*, METAINFO_* as `decodeMetainfo` */
export function decodeTorrentImage(bytes: Uint8Array): TorrentImage {
  const top = dictionarySpans(bytes);
  const infoHashV2 = namedImage(top.get('viver'));
  const image = infoHashV2
    ? { kind: 'name' as const, infoHashV2 }
    : { kind: 'metainfo' as const, metainfo: decodeMetainfo(bytes) };
  return { image, trackers: trackersOf(top) };
}

/** The value of the key `viver` beside an info dictionary that does not have the SHA-256 tree. */
export function encodeImageName(infoHashV2: Uint8Array): Uint8Array {
  return encodeBencode({ 'info hash': infoHashV2 });
}

function namedImage(span: Uint8Array | undefined): Uint8Array | undefined {
  const hash = span && dictionarySpans(span).get('info hash');
  const bytes = hash && bytesOfSpan(hash, 'info hash');
  return bytes?.length === SHA256_BYTES ? new Uint8Array(bytes) : undefined;
}

/** `announce` and the tiers of `announce-list` (BEP 12). What is no address is passed over, as trackers always are. */
function trackersOf(top: ReadonlyMap<string, Uint8Array>): string[] {
  const values = ['announce', 'announce-list'].map((key) => top.get(key)).filter((span) => span !== undefined);
  const urls = values.flatMap((span) => texts(decodeBencode(span)));
  const addresses = urls.slice(0, MAX_TRACKERS).flatMap((url) => addressOf(url) ?? []);
  return [...new Set(addresses)];
}

function texts(value: unknown): string[] {
  if (value instanceof Uint8Array) return [new TextDecoder().decode(value)];
  return Array.isArray(value) ? value.flatMap(texts) : [];
}

function addressOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || url.hostname === '') return undefined;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return formatAddress(url.hostname.replace(/^\[|\]$/g, ''), port);
}
