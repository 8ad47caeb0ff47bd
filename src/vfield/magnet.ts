// Magnet links: an image named by its info hash and where to find a first peer (BEP 9; `urn:btmh` BEP 52 with multihash 0x12 0x20).
// Pure.

import { ViverError } from '../errors.ts';
import { SHA1_BYTES, SHA256_BYTES } from './hash.ts';
import { isWebUrl, MAX_WEB_SEEDS } from './web-seed/web-seed.ts';

/** A kernel command line holds 2048 bytes; a longer link is a mistake or an attack. */
export const MAX_MAGNET_CHARACTERS = 4096;
export const MAX_MAGNET_PEERS = 64;
const MAX_HOST_CHARACTERS = 253;

const V2_PREFIX = 'urn:btmh:1220';
const V1_PREFIX = 'urn:btih:';

export interface Magnet {
  readonly infoHashV2: Uint8Array;
  readonly infoHashV1?: Uint8Array;
  /** Display name, only for people. */
  readonly name?: string;
  /** `host:port`, an IPv6 address in brackets. */
  readonly peers: readonly string[];
  /** The image on HTTP servers (BEP 19, `ws=`). */
  readonly webSeedUrls?: readonly string[];
}

/** The link of `magnet`. @throws ViverError `MAGNET_PEER`, `MAGNET_WEB_SEED` or `MAGNET_HASH`. */
export function formatMagnet(magnet: Magnet): string {
  const fields = [`xt=${V2_PREFIX}${hex(magnet.infoHashV2, SHA256_BYTES)}`];
  if (magnet.infoHashV1) fields.push(`xt=${V1_PREFIX}${hex(magnet.infoHashV1, SHA1_BYTES)}`);
  if (magnet.name) fields.push(`dn=${encodeURIComponent(magnet.name)}`);
  for (const peer of magnet.peers) fields.push(`x.pe=${checkedPeer(peer).replace('%', '%25')}`);
  for (const url of magnet.webSeedUrls ?? []) fields.push(`ws=${encodeURIComponent(checkedWebSeed(url))}`);
  return `magnet:?${fields.join('&')}`;
}

/** Reads a link; keys that we do not know are passed over. Throws ViverError `MAGNET_*` only. */
export function parseMagnet(text: string): Magnet {
  if (text.length > MAX_MAGNET_CHARACTERS)
    throw refuse('MAGNET_LIMIT', `longer than ${MAX_MAGNET_CHARACTERS} characters`);
  if (!/^magnet:\?/i.test(text)) throw refuse('MAGNET_FORM', 'does not begin with "magnet:?"');
  const fields = fieldsOf(text.slice(text.indexOf('?') + 1));
  const infoHashV2 = hashOf(fields, V2_PREFIX, SHA256_BYTES);
  if (!infoHashV2) throw refuse('MAGNET_HASH', `no xt=${V2_PREFIX}..., the SHA-256 info hash of BitTorrent v2`);
  const infoHashV1 = hashOf(fields, V1_PREFIX, SHA1_BYTES);
  const name = fields.find(([key]) => key === 'dn')?.[1];
  const peers = fields.filter(([key]) => key === 'x.pe').map(([, value]) => checkedPeer(value));
  if (peers.length > MAX_MAGNET_PEERS) throw refuse('MAGNET_LIMIT', `more than ${MAX_MAGNET_PEERS} peers`);
  const urls = fields.filter(([key]) => key === 'ws').map(([, value]) => checkedWebSeed(value));
  if (urls.length > MAX_WEB_SEEDS) throw refuse('MAGNET_LIMIT', `more than ${MAX_WEB_SEEDS} web seeds`);
  const webSeeds = urls.length > 0 && { webSeedUrls: urls };
  return { infoHashV2, ...(infoHashV1 && { infoHashV1 }), ...(name && { name }), peers, ...webSeeds };
}

function fieldsOf(query: string): [key: string, value: string][] {
  return query
    .split('&')
    .filter((field) => field !== '')
    .map((field) => {
      const equals = field.indexOf('=');
      const key = equals < 0 ? field : field.slice(0, equals);
      // `xt.1`, `xt.2` are the numbered form of the same key.
      return [key.replace(/^xt\.\d+$/, 'xt'), decoded(equals < 0 ? '' : field.slice(equals + 1))];
    });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch (cause) {
    throw new ViverError('MAGNET_FORM', `magnet link: a bad percent sign in "${value.slice(0, 40)}"`, { cause });
  }
}

function hashOf(fields: [string, string][], prefix: string, bytes: number): Uint8Array | undefined {
  const wanted = fields.filter(([key, value]) => key === 'xt' && value.toLowerCase().startsWith(prefix));
  if (wanted.length === 0) return undefined;
  const text = wanted[0]![1].slice(prefix.length);
  if (wanted.length > 1) throw refuse('MAGNET_HASH', `two hashes xt=${prefix}`);
  if (!/^[0-9a-f]*$/i.test(text) || text.length !== bytes * 2) {
    throw refuse('MAGNET_HASH', `xt=${prefix} is not followed by ${bytes * 2} hexadecimal digits`);
  }
  return Uint8Array.fromHex(text);
}

/** `peer` itself when it is `host:port` or `[IPv6]:port`. */
function checkedPeer(peer: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/.exec(peer);
  const port = Number(match?.[3]);
  if (!match || peer.length > MAX_HOST_CHARACTERS || port < 1 || port > 65535) {
    throw refuse('MAGNET_PEER', `"${peer.slice(0, 60)}" is not host:port`);
  }
  return peer;
}

function checkedWebSeed(url: string): string {
  if (!isWebUrl(url)) throw refuse('MAGNET_WEB_SEED', `ws="${url.slice(0, 60)}" is no http:// or https:// address`);
  return url;
}

function hex(hash: Uint8Array, bytes: number): string {
  if (hash.length !== bytes) throw refuse('MAGNET_HASH', `a hash of ${hash.length} bytes instead of ${bytes}`);
  return hash.toHex();
}

function refuse(code: string, message: string): ViverError {
  return new ViverError(code, `magnet link: ${message}`);
}
