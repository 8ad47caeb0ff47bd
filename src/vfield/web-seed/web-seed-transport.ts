// A transport that also knows web seeds: their URLs are addresses like any other, dialed, retried for ever and banned by the same code. Owns the HTTP
// connections, and when a server that refused may be asked again.

import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Clock } from '../clock.ts';
import { connectPair } from '../duplex-pair.ts';
import { sha1 } from '../hash.ts';
import type { MetainfoCore } from '../metainfo.ts';
import { PEER_ID_BYTES } from '../peer/handshake.ts';
import type { DuplexOwner, Transport } from '../transport.ts';
import type { MakeHttpClient } from './http-client.ts';
import type { WebSeed } from './web-seed.ts';
import { WebSeedPeer } from './web-seed-peer.ts';
import { WebSource } from './web-source.ts';

/** After a server has said no, by its answer. One that does not answer at all is tried at the dialer's own pace. */
const REFUSED_PAUSE_MS = 5_000;

export interface WebSeedTransportOptions {
  readonly transport: Transport;
  readonly seeds: readonly WebSeed[];
  readonly metainfo: MetainfoCore;
  readonly clock: Clock;
  readonly log: Log;
  readonly makeClient: MakeHttpClient;
}

export function withWebSeeds(options: WebSeedTransportOptions): Transport {
  const doors = new Map(options.seeds.map((seed) => [seed.url, new WebSeedDoor(seed, options)]));
  return {
    listen: (address, accept, http) => options.transport.listen(address, accept, http),
    connect: (address, owner) => doors.get(address)?.connect(owner) ?? options.transport.connect(address, owner),
  };
}

class WebSeedDoor {
  readonly #seed: WebSeed;
  readonly #options: WebSeedTransportOptions;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  /** What was said of it last: each change is one line in the log, not each try. */
  #state = '';

  constructor(seed: WebSeed, options: WebSeedTransportOptions) {
    this.#seed = seed;
    this.#options = options;
  }

  async connect(owner: DuplexOwner): Promise<void> {
    const { metainfo, clock, makeClient } = this.#options;
    const { url } = this.#seed;
    if (clock.now() < this.#refusedUntil) throw new ViverError('FIELD_CONNECT', `${url} is given a pause`);
    const client = makeClient();
    const source = new WebSource(this.#seed, metainfo, client);
    await source.probe().catch((error: unknown) => {
      client.close();
      this.#note(error);
      throw error;
    });
    this.#say('answers');
    connectPair(url, owner, (duplex) => {
      const peer = new WebSeedPeer(duplex, {
        source,
        metainfo,
        clock,
        peerId: peerIdOf(url),
        onFailure: (error) => this.#note(error),
        onClose: () => client.close(),
      });
      return peer.handlers;
    });
  }

  #note(error: unknown): void {
    const isRefusal = error instanceof ViverError && error.code === 'WEBSEED_REFUSED';
    if (isRefusal) this.#refusedUntil = this.#options.clock.now() + REFUSED_PAUSE_MS;
    this.#say(errorLine(error));
  }

  #say(state: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.log.info(`${this.#seed.url}: ${state}`);
  }
}

/** The same for the whole life of the process: a server that sent wrong bytes is known again. */
function peerIdOf(url: string): Uint8Array {
  const id = new Uint8Array(PEER_ID_BYTES);
  id.set(new TextEncoder().encode('-WS0100-'));
  id.set(sha1(new TextEncoder().encode(url)).subarray(0, PEER_ID_BYTES - 8), 8);
  return id;
}
