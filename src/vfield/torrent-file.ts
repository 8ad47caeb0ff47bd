// The .torrent of an image for any BitTorrent client, with the addresses by which it finds the image: trackers and web seeds. The version 1 form is
// what every client reads; the hybrid one leads to the same pieces (docs/decisions/0012-torrent-file.md). Pure.

import { dictionarySpans, encodeBencode, encodeSpans } from './bencode.ts';
import { legacyMetainfo } from './legacy-metainfo.ts';
import { decodeMetainfo } from './metainfo.ts';
import { encodeImageName } from './torrent-image.ts';

export interface TorrentFileOptions {
  /** Version 1 and 2 in one (BEP 52) instead of version 1 alone. */
  readonly hybrid?: boolean;
  /** Trackers, in the order in which they are tried. */
  readonly announce?: readonly string[];
  /** The image on HTTP servers (BEP 19). */
  readonly webSeeds?: readonly string[];
}

const CREATED_BY = 'Viver 0.1';

/** @param metainfoBytes The metainfo of the image as its file has it. @throws ViverError as `decodeMetainfo` */
export function encodeTorrentFile(metainfoBytes: Uint8Array, options: TorrentFileOptions = {}): Uint8Array {
  const own = dictionarySpans(metainfoBytes);
  const spans = options.hybrid ? own : legacySpans(metainfoBytes, own);
  spans.set('created by', encodeBencode(CREATED_BY));
  const { announce = [], webSeeds = [] } = options;
  if (announce.length > 0) spans.set('announce', encodeBencode(announce[0]!));
  // BEP 12: a list of tiers, tried one after the other; each tracker is one.
  if (announce.length > 1) spans.set('announce-list', encodeBencode(announce.map((url) => [url])));
  if (webSeeds.length > 0) spans.set('url-list', encodeBencode([...webSeeds]));
  return encodeSpans(spans);
}

function legacySpans(metainfoBytes: Uint8Array, own: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const metainfo = decodeMetainfo(metainfoBytes);
  const spans = new Map([
    ['info', legacyMetainfo(metainfo).infoBytes],
    ['viver', encodeImageName(metainfo.infoHashV2)],
  ]);
  const created = own.get('creation date');
  if (created) spans.set('creation date', created);
  return spans;
}
