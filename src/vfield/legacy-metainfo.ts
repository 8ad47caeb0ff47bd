// The plain version 1 info dictionary (BEP 3) of the same image, for clients that can't read a hybrid torrent: Transmission before 4 refuses the
// empty key of the `file tree`, aria2 1.36 computes a wrong info hash from it (docs/quirks.md). It has an info hash of its own, to which every
// member answers beside the others: the pieces are the same. Pure.

import { bytesOfSpan, dictionarySpans, encodeBencode } from './bencode.ts';
import { sha1 } from './hash.ts';
import type { MetainfoCore } from './metainfo.ts';

export interface LegacyMetainfo {
  /** SHA-1 of the info dictionary, 20 bytes; differs from the image's `infoHashV1`. */
  readonly infoHash: Uint8Array;
  readonly infoBytes: Uint8Array;
}

/** The version 1 twin of a checked metainfo; the same for every member that makes it. */
export function legacyMetainfo(
  metainfo: Pick<MetainfoCore, 'infoBytes' | 'lengthBytes' | 'name' | 'pieceBytes'>,
): LegacyMetainfo {
  const infoBytes = encodeBencode({
    length: metainfo.lengthBytes,
    name: metainfo.name,
    'piece length': metainfo.pieceBytes,
    pieces: bytesOfSpan(dictionarySpans(metainfo.infoBytes).get('pieces')!, 'pieces'),
  });
  return { infoHash: sha1(infoBytes), infoBytes };
}
