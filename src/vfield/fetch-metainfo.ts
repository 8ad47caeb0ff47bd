// From a magnet link to a metainfo: the info dictionary from any peer (BEP 9), whose hash must be the one asked for, then the piece hashes by hash
// requests (BEP 52), each answer proved against the pieces root. All known peers are tried, for ever; the first complete answer wins.

import { errorLine, ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import { Dialer } from './dialer.ts';
import { SHA256_BYTES, sameBytes, sha256 } from './hash.ts';
import { areHashesProved, type HashRange, pieceLayerRequests } from './hash-proof.ts';
import type { Magnet } from './magnet.ts';
import { decodeInfo, type Metainfo, type MetainfoCore, withPieceHashes } from './metainfo.ts';
import {
  decodeExtendedHandshake,
  decodeMetadataMessage,
  decodePeerExchange,
  EXTENDED_HANDSHAKE,
  encodeExtendedHandshake,
  encodeMetadataMessage,
  METADATA_PART_BYTES,
  OwnExtension,
} from './peer/extension.ts';
import { INFO_HASH_BYTES } from './peer/handshake.ts';
import type { Message } from './peer/messages.ts';
import { PeerWire } from './peer/wire.ts';
import type { Duplex, DuplexHandlers, Transport } from './transport.ts';

const TICK_MS = 200;
/** A peer that gives nothing for so long is left; it is tried again after the others. */
const PATIENCE_MS = 10_000;

export interface FetchMetainfoOptions {
  readonly magnet: Magnet;
  /** `host:port`; the magnet's own are added. */
  readonly peers: readonly string[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly peerId: Uint8Array;
  /** Is given a function by which more addresses can be named while it waits. */
  onReady?(addPeer: (address: string) => void): void;
}

/** Waits for ever; what it gives is verified down from the magnet's SHA-256 info hash. */
export function fetchMetainfo(options: FetchMetainfoOptions, signal?: AbortSignal): Promise<Metainfo> {
  return new Promise((resolve, reject) => {
    const sessions = new Set<MetainfoSession>();
    const dialer = new Dialer({
      clock: options.clock,
      dial: (address) => options.transport.connect(address, open(address)),
    });
    dialer.hurry = true;
    const open =
      (address: string) =>
      (duplex: Duplex): DuplexHandlers => {
        const session = new MetainfoSession(duplex, options, {
          finish,
          learn: (others) => {
            for (const other of others) dialer.add(other);
          },
          ended: () => {
            sessions.delete(session);
            dialer.lost(address, false);
          },
        });
        sessions.add(session);
        return session.handlers;
      };
    const tick = (): void => {
      timer = options.clock.setTimeout(tick, TICK_MS);
      dialer.tick();
      for (const session of sessions) session.tick();
    };
    const end = (): void => {
      options.clock.clearTimeout(timer);
      for (const session of [...sessions]) session.close();
    };
    const finish = (metainfo: Metainfo): void => {
      end();
      resolve(metainfo);
    };
    signal?.addEventListener('abort', () => {
      end();
      reject(signal.reason);
    });
    for (const address of [...options.peers, ...options.magnet.peers]) dialer.add(address, true);
    options.onReady?.((address) => dialer.add(address, true));
    let timer = options.clock.setTimeout(tick, 0);
  });
}

interface SessionEvents {
  finish(metainfo: Metainfo): void;
  /** The peer named others. */
  learn(addresses: readonly string[]): void;
  ended(): void;
}

/** One peer asked for everything, one thing after the other. */
class MetainfoSession {
  readonly #options: FetchMetainfoOptions;
  readonly #wire: PeerWire;
  readonly #events: SessionEvents;
  #metadataExtension = 0;
  #parts: Uint8Array[] = [];
  #totalBytes = 0;
  #core: MetainfoCore | undefined;
  #ranges: HashRange[] = [];
  #hashes: Uint8Array[] = [];
  #heardAt: number;

  constructor(duplex: Duplex, options: FetchMetainfoOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#heardAt = options.clock.now();
    const infoHash = options.magnet.infoHashV2.subarray(0, INFO_HASH_BYTES);
    this.#wire = new PeerWire(
      duplex,
      options.clock,
      {
        onHandshake: (handshake) => (handshake.extended ? this.#introduce() : this.#wire.close('no extensions')),
        onMessage: (message) => this.#onMessage(message),
        onDrain: () => {},
        onClose: (reason) => {
          options.log.debug(`${duplex.remoteAddress}: no metainfo from it: ${reason}`);
          events.ended();
        },
      },
      { infoHash, peerId: options.peerId, extended: true, fast: true, version2: true },
    );
  }

  get handlers(): DuplexHandlers {
    return this.#wire.handlers;
  }

  tick(): void {
    if (this.#options.clock.now() - this.#heardAt > PATIENCE_MS) this.#wire.close('says nothing');
  }

  close(): void {
    this.#wire.close('done');
  }

  #introduce(): void {
    const { ut_metadata, ut_pex } = OwnExtension;
    this.#wire.send({ kind: 'haveNone' });
    const payload = encodeExtendedHandshake({ extensions: { ut_metadata, ut_pex } });
    this.#wire.send({ kind: 'extended', extension: EXTENDED_HANDSHAKE, payload });
  }

  #onMessage(message: Message): void {
    if (message.kind === 'hashes') this.#onHashes(message.hashes);
    else if (message.kind === 'hashReject') this.#wire.close('refuses hashes');
    else if (message.kind !== 'extended') return;
    else if (message.extension === EXTENDED_HANDSHAKE) this.#onHello(message.payload);
    else if (message.extension === OwnExtension.ut_metadata) this.#onMetadata(message.payload);
    else if (message.extension === OwnExtension.ut_pex) this.#events.learn(decodePeerExchange(message.payload).added);
  }

  #onHello(payload: Uint8Array): void {
    const hello = decodeExtendedHandshake(payload);
    if (hello.member?.full) return;
    if (!hello.extensions.ut_metadata || !hello.metadataBytes) {
      this.#wire.close('has no metadata');
      return;
    }
    if (this.#totalBytes > 0) return;
    this.#metadataExtension = hello.extensions.ut_metadata;
    this.#totalBytes = hello.metadataBytes;
    this.#askPart();
  }

  #askPart(): void {
    const payload = encodeMetadataMessage({ kind: 'request', part: this.#parts.length });
    this.#wire.send({ kind: 'extended', extension: this.#metadataExtension, payload });
  }

  #onMetadata(payload: Uint8Array): void {
    const message = decodeMetadataMessage(payload);
    if (message.kind === 'reject') {
      this.#wire.close('refuses metadata');
      return;
    }
    if (message.kind !== 'data' || message.part !== this.#parts.length || this.#core) return;
    const left = this.#totalBytes - this.#parts.length * METADATA_PART_BYTES;
    if (message.bytes.length !== Math.min(METADATA_PART_BYTES, left)) {
      this.#wire.close('a part of wrong length');
      return;
    }
    this.#heardAt = this.#options.clock.now();
    this.#parts.push(new Uint8Array(message.bytes)); // a copy: `slice` of a Buffer is a view
    if (left > METADATA_PART_BYTES) this.#askPart();
    else this.#onInfo(Buffer.concat(this.#parts));
  }

  #onInfo(infoBytes: Uint8Array): void {
    if (!sameBytes(sha256(infoBytes), this.#options.magnet.infoHashV2)) {
      throw new ViverError('PEER_METADATA', 'peer: its info dictionary has another hash than asked for');
    }
    this.#core = decodeInfo(infoBytes);
    this.#ranges = pieceLayerRequests(this.#core);
    this.#askHashes();
  }

  #askHashes(): void {
    const range = this.#ranges[this.#hashes.length];
    if (range) this.#wire.send({ kind: 'hashRequest', piecesRoot: this.#core!.piecesRoot, ...range });
    else this.#complete();
  }

  #onHashes(hashes: Uint8Array): void {
    const range = this.#ranges[this.#hashes.length];
    if (!range || !this.#core) return;
    if (!areHashesProved(range, hashes, this.#core))
      throw new ViverError('PEER_HASHES', 'peer: its piece hashes do not lead to the pieces root');
    this.#heardAt = this.#options.clock.now();
    this.#hashes.push(new Uint8Array(hashes.subarray(0, range.count * SHA256_BYTES)));
    this.#askHashes();
  }

  #complete(): void {
    const core = this.#core!;
    const layer =
      core.pieceCount === 1 ? core.piecesRoot : Buffer.concat(this.#hashes).subarray(0, core.pieceCount * SHA256_BYTES);
    try {
      const metainfo = withPieceHashes(core, layer);
      this.#options.log.info(`metainfo of ${core.name} came from ${this.#wire.remoteAddress}`);
      this.#events.finish(metainfo);
    } catch (error) {
      this.#wire.close(errorLine(error));
    }
  }
}
