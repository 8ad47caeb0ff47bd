// The tracker of one image, as every node of its field is one (BEP 3): names itself first, then the members of the room, then the clients that
// have announced themselves. It makes the answers; HTTP brings the questions (field-routes.ts).

import type { Clock } from '../clock.ts';
import { sameBytes } from '../hash.ts';
import { formatAddress } from '../transport.ts';
import { Announced } from './announced.ts';
import { encodeAnnounceAnswer, encodeFailure, encodeScrapeAnswer, type SwarmCounts } from './tracker-answer.ts';
import { type AnnounceQuery, parseAnnounce, parseScrape } from './tracker-query.ts';

/** When a client is to come again. A room changes fast, and an announce is one short request. */
const INTERVAL_SECONDS = 120;
const LEAST_INTERVAL_SECONDS = 15;
/** A client that has not come again for two intervals and a half is gone. */
const LIFE_MS = INTERVAL_SECONDS * 2_500;

export interface TrackerOptions {
  readonly clock: Clock;
  /** 20 bytes each: all names of the image. */
  readonly infoHashes: readonly Uint8Array[];
  /** Where the peers that this node is connected to can be reached, our own nodes first. */
  peers(): readonly string[];
  /** Nodes of the field, this one included: with the whole image, and with parts. */
  nodes(): { readonly whole: number; readonly part: number };
  /** A client takes connections there, and knows the image by this name. */
  onClient(address: string, infoHash: Uint8Array): void;
}

/** The two ends of the connection by which a question came. */
export interface TrackerEnds {
  /** Host of the client. */
  readonly client: string;
  /** `host:port` that it connected to. */
  readonly here: string;
}

export class Tracker {
  readonly #options: TrackerOptions;
  readonly #announced: Announced;
  #downloaded = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#announced = new Announced(options.clock, LIFE_MS);
  }

  /** The answer to `GET /announce?QUERY`. */
  announce(query: string, ends: TrackerEnds): Uint8Array {
    const asked = parseAnnounce(query);
    if (typeof asked === 'string') return encodeFailure(asked);
    if (!this.#isOurs(asked.infoHash)) return encodeFailure('this node has another image');
    // The address is the connection's: nobody announces others (BEP 3's `ip` is passed over).
    const client = formatAddress(ends.client, asked.port);
    this.#note(asked, client);
    return encodeAnnounceAnswer({
      ...this.#counts(),
      intervalSeconds: INTERVAL_SECONDS,
      leastIntervalSeconds: LEAST_INTERVAL_SECONDS,
      peers: asked.event === 'stopped' ? [] : this.#peersFor(client, ends.here).slice(0, asked.wanted),
    });
  }

  /** The answer to `GET /scrape?QUERY` (BEP 48). */
  scrape(query: string): Uint8Array {
    const asked = parseScrape(query);
    if (!asked) return encodeFailure('bad query');
    const { infoHashes } = this.#options;
    const known = asked.length === 0 ? infoHashes : asked.filter((hash) => this.#isOurs(hash));
    return encodeScrapeAnswer(known, this.#counts());
  }

  #note({ event, isSeed, port, infoHash }: AnnounceQuery, client: string): void {
    if (event === 'completed') this.#downloaded++;
    if (event === 'stopped') this.#announced.remove(client);
    else if (port > 0) {
      this.#announced.add(client, isSeed);
      this.#options.onClient(client, infoHash);
    }
  }

  #peersFor(client: string, here: string): string[] {
    const all = new Set([here, ...this.#options.peers(), ...this.#announced.addresses()]);
    all.delete(client);
    return [...all];
  }

  #counts(): SwarmCounts {
    const { whole, part } = this.#options.nodes();
    const { seeds, others } = this.#announced.count();
    return { complete: whole + seeds, incomplete: part + others, downloaded: this.#downloaded };
  }

  #isOurs(infoHash: Uint8Array): boolean {
    return this.#options.infoHashes.some((known) => sameBytes(known, infoHash));
  }
}
