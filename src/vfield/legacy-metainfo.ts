// A plain version 1 torrent (BEP 3) of the same image, for clients that can't read a hybrid one: Transmission before 4 refuses the
// empty key of the `file tree`, aria2 1.36 computes a wrong info hash from it (docs/quirks.md). It has an info hash of its own, which a
// member may answer to beside the others: the pieces are the same. Pure.

import { bytesOfSpan, dictionarySpans, encodeBencode } from './bencode.ts';
import { sha1 } from './hash.ts';
import type { MetainfoCore } from './metainfo.ts';

export interface LegacyMetainfo {
  /** The torrent file. */
  readonly bytes: Uint8Array;
  /** SHA-1 of its info dictionary, 20 bytes; differs from the image's `infoHashV1`. */
  readonly infoHash: Uint8Array;
  readonly infoBytes: Uint8Array;
}

/** The version 1 torrent of a checked metainfo; the same for every member that makes it. */
export function legacyMetainfo(metainfo: MetainfoCore): LegacyMetainfo {
  const info = {
    length: metainfo.lengthBytes,
    name: metainfo.name,
    'piece length': metainfo.pieceBytes,
    pieces: bytesOfSpan(dictionarySpans(metainfo.infoBytes).get('pieces')!, 'pieces'),
  };
  const infoBytes = encodeBencode(info);
  return { bytes: encodeBencode({ info }), infoHash: sha1(infoBytes), infoBytes };
}
