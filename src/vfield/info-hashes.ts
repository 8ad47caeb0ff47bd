// The 20-byte names under which clients know an image in a handshake. Pure.
//
// Quirk, aria2 up to 1.37: it writes the info dictionary anew to hash it, and leaves out the empty key that every file of BEP 52's file tree has. So it
// asks for a hybrid torrent by a SHA-1 of its own. The content and its hashes are the same; the name is taken as one more alias.

import { dictionarySpans, encodeBencode } from './bencode.ts';
import { sha1 } from './hash.ts';
import { legacyMetainfo } from './legacy-metainfo.ts';
import { joined } from './merkle.ts';
import type { MetainfoCore } from './metainfo.ts';
import { INFO_HASH_BYTES } from './peer/handshake.ts';

/** One name of an image. */
export interface InfoHashAlias {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Its info dictionary has version 2 in it: only then a handshake may say that we know version 2 (libtorrent closes otherwise). */
  readonly version2: boolean;
}

/** The names of an image, our own nodes' first: version 1, version 2 cut short, the version 1 twin's, aria2's. */
export function infoHashAliases(core: MetainfoCore): InfoHashAlias[] {
  return [
    { infoHash: core.infoHashV1, version2: true },
    { infoHash: core.infoHashV2.subarray(0, INFO_HASH_BYTES), version2: true },
    { infoHash: legacyMetainfo(core).infoHash, version2: false },
    { infoHash: hashWithoutEmptyKeys(core.infoBytes, core.name), version2: false },
  ];
}

/** The hashes of all names of an image. */
export function infoHashesOf(core: MetainfoCore): Uint8Array[] {
  return infoHashAliases(core).map(({ infoHash }) => infoHash);
}

function hashWithoutEmptyKeys(infoBytes: Uint8Array, name: string): Uint8Array {
  const tree = dictionarySpans(infoBytes).get('file tree')!;
  const start = tree.byteOffset - infoBytes.byteOffset;
  const bare = encodeBencode({ [name]: {} });
  return sha1(joined(joined(infoBytes.subarray(0, start), bare), infoBytes.subarray(start + tree.length)));
}
