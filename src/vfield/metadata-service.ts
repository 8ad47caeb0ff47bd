// What a node that has the metainfo answers to one that comes with a magnet link only: parts of the info dictionary (BEP 9) and hashes (BEP 52).

import { errorLine } from '../errors.ts';
import type { Log } from '../log.ts';
import { HashLayers } from './hash-layers.ts';
import type { Metainfo } from './metainfo.ts';
import { decodeMetadataMessage, encodeMetadataMessage, METADATA_PART_BYTES } from './peer/extension.ts';
import type { HashRange } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';

export class MetadataService {
  readonly #metainfo: Metainfo;
  readonly #layers: HashLayers;
  readonly #log: Log;

  constructor(metainfo: Metainfo, log: Log) {
    this.#metainfo = metainfo;
    this.#layers = new HashLayers(metainfo);
    this.#log = log;
  }

  /** Answers a ut_metadata message. @throws ViverError when it is malformed. */
  onMetadata(peer: Peer, payload: Uint8Array): void {
    const message = decodeMetadataMessage(payload);
    if (message.kind !== 'request') return;
    const { infoBytes } = this.#metainfo;
    const bytes = infoBytes.subarray(message.part * METADATA_PART_BYTES, (message.part + 1) * METADATA_PART_BYTES);
    const answer =
      bytes.length > 0
        ? ({ kind: 'data', part: message.part, totalBytes: infoBytes.length, bytes } as const)
        : ({ kind: 'reject', part: message.part } as const);
    peer.extend('ut_metadata', encodeMetadataMessage(answer));
  }

  onHashRequest(peer: Peer, range: HashRange): void {
    try {
      const hashes = this.#layers.answer(range);
      if (hashes) peer.wire.send({ ...range, kind: 'hashes', hashes });
      else peer.wire.send({ ...range, kind: 'hashReject' });
    } catch (error) {
      this.#log.warn(`hashes for ${peer.address}: ${errorLine(error)}`);
    }
  }
}
