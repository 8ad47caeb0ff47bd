// What a node that has the metainfo answers to one that comes with a magnet link only: parts of the info dictionary (BEP 9) and hashes (BEP 52).

import type { Log } from '../log.ts';
import { sameBytes } from './hash.ts';
import { HashTree } from './hash-proof.ts';
import { type LegacyMetainfo, legacyMetainfo } from './legacy-metainfo.ts';
import { leafHashes } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';
import { decodeMetadataMessage, encodeMetadataMessage, METADATA_PART_BYTES } from './peer/extension.ts';
import { INFO_HASH_BYTES } from './peer/handshake.ts';
import type { HashRange } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';

export class MetadataService {
  readonly #metainfo: Metainfo;
  readonly #tree: HashTree;
  readonly #held: (piece: number) => Uint8Array | undefined;
  readonly #log: Log;
  /** Made for the first peer that needs it: most never see one. */
  #legacy: LegacyMetainfo | undefined;

  /** @param held The bytes of a piece in RAM: hashes below the pieces are only known for those. */
  constructor(metainfo: Metainfo, held: (piece: number) => Uint8Array | undefined, log: Log) {
    this.#metainfo = metainfo;
    this.#tree = new HashTree(metainfo);
    this.#held = held;
    this.#log = log;
  }

  /** The info dictionary that has the hash by which this peer knows the image. */
  infoBytesFor(peer: Peer): Uint8Array {
    const { infoBytes, infoHashV1, infoHashV2 } = this.#metainfo;
    if (sameBytes(peer.infoHash, infoHashV1)) return infoBytes;
    if (sameBytes(peer.infoHash, infoHashV2.subarray(0, INFO_HASH_BYTES))) return infoBytes;
    this.#legacy ??= legacyMetainfo(this.#metainfo);
    return sameBytes(peer.infoHash, this.#legacy.infoHash) ? this.#legacy.infoBytes : infoBytes;
  }

  /** Answers a ut_metadata message. @throws ViverError when it is malformed. */
  onMetadata(peer: Peer, payload: Uint8Array): void {
    const message = decodeMetadataMessage(payload);
    if (message.kind !== 'request') return;
    const infoBytes = this.infoBytesFor(peer);
    const bytes = infoBytes.subarray(message.part * METADATA_PART_BYTES, (message.part + 1) * METADATA_PART_BYTES);
    const answer =
      bytes.length > 0
        ? ({ kind: 'data', part: message.part, totalBytes: infoBytes.length, bytes } as const)
        : ({ kind: 'reject', part: message.part } as const);
    peer.extend('ut_metadata', encodeMetadataMessage(answer));
  }

  onHashRequest(peer: Peer, range: HashRange): void {
    const hashes = this.#answer(range);
    if (hashes) peer.wire.send({ ...range, kind: 'hashes', hashes });
    else peer.wire.send({ ...range, kind: 'hashReject' });
    this.#log.debug(
      `${peer.address}: ${hashes ? 'gets' : 'is refused'} ${range.count} hashes of layer ${range.baseLayer}`,
    );
  }

  #answer(range: HashRange): Uint8Array | undefined {
    if (!sameBytes(range.piecesRoot, this.#metainfo.piecesRoot)) return undefined;
    return this.#tree.answer(range, (piece) => {
      const bytes = this.#held(piece);
      return bytes && leafHashes(bytes);
    });
  }
}
