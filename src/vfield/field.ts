// The field of one image, as the rest of Viver sees it: open it, read from it, ask how it is, close it. Puts together transport, metainfo, swarm and discovery.
//
// All runs on one event loop, but for the hashes of pieces that come fast (checking/). To move the sockets to a worker as well: the swarm, its requests and the store
// move there whole; on this side stay FieldSource and a table of (piece -> slot, generation) in shared memory, which the worker writes before it says
// that a slot is valid and bumps before it is used again. Demands and their answers are then two small messages; nothing else here reaches into the swarm.

import type { Log } from '../log.ts';
import type { BlockSource } from './block-source.ts';
import type { MakeChecker } from './checking/piece-checker.ts';
import { type Clock, systemClock } from './clock.ts';
import { discover } from './field-discovery.ts';
import { fieldRoutes } from './field-routes.ts';
import { FieldSource } from './field-source.ts';
import { type FieldStatus, fieldStatus } from './field-status.ts';
import { findMetainfo } from './find-metainfo.ts';
import { type Magnet, parseMagnet } from './magnet.ts';
import type { Metainfo } from './metainfo.ts';
import { DEFAULT_CONNECTIONS } from './neighbourhood.ts';
import { PEER_ID_BYTES } from './peer/handshake.ts';
import { tcpTransport } from './peer/tcp-transport.ts';
import { shareForWhole } from './share.ts';
import type { SlotMemory } from './slot-memory.ts';
import { Swarm } from './swarm.ts';
import { swarmTracker } from './tracker/swarm-tracker.ts';
import type { Transport } from './transport.ts';
import type { MakeHttpClient } from './web-seed/http-client.ts';
import { nodeHttpClient } from './web-seed/node-http-client.ts';
import { fileWebSeed, joinWebSeeds, type WebSeed } from './web-seed/web-seed.ts';
import { type WebSeedTransportOptions, withWebSeeds } from './web-seed/web-seed-transport.ts';

export type { FieldPeerStatus, FieldStatus } from './field-status.ts';

export interface FieldOptions {
  /** What the image is: one of the two. A magnet's metainfo is fetched from the peers first. */
  readonly metainfo?: Metainfo;
  readonly magnet?: Magnet | string;
  /** @param port 0 for any free one. */
  readonly listen: { readonly host?: string; readonly port: number };
  /** First peers, `host:port`. */
  readonly peers?: readonly string[];
  /** The image, or the .viver file that begins with it, on HTTP servers (BEP 19), beside those that metainfo and magnet name. */
  readonly webSeeds?: readonly string[];
  /**
   * RAM that this node gives, in bytes: what it keeps for the room. Transfers take some more: a sixteenth of it, 1 to 8 MiB (2 MiB in all, at least).
   * `whole` for as much as a copy of the whole image takes.
   */
  readonly shareBytes: number | 'whole';
  /** Connections that the node holds: rooms up to that are a full mesh, larger ones a random graph. Default 256. */
  readonly connections?: number;
  /** The image on this node's own medium; such a node serves from there and keeps nothing in RAM. */
  readonly local?: BlockSource;
  /** Where pieces lie. V8's own memory when left out. */
  readonly memory?: SlotMemory;
  /** What checks pieces that nobody waits for. At once, in this thread, when left out. */
  readonly makeChecker?: MakeChecker;
  readonly log: Log;
  readonly clock?: Clock;
  readonly transport?: Transport;
  /** How web seeds are asked; over the system's network when left out. */
  readonly makeHttpClient?: MakeHttpClient;
  /** BEP 14: false for none, or the local addresses of the networks to speak on. Default: the system's choice, with TCP only. */
  readonly discovery?: boolean | readonly string[];
  /** 20 bytes; random when left out. */
  readonly peerId?: Uint8Array;
  /** Ends the wait for a magnet's metainfo. */
  readonly signal?: AbortSignal;
}

export interface Field {
  readonly metainfo: Metainfo;
  /** Verified bytes; reads wait for ever. */
  readonly source: BlockSource;
  /** The TCP port that this node listens on. */
  readonly port: number;
  /** Pieces in the order in which a boot reads them, from the metainfo or a member; empty while none is known. */
  readonly bootTrace: readonly number[];
  /** Names one more peer, `host:port`. */
  addPeer(address: string): void;
  /** Looks for members by local discovery (BEP 14) on the networks of these local addresses from now on, in place of the ones before. */
  discoverOn(addresses: readonly string[]): void;
  /**
   * Gives `shareBytes` of RAM from now on. Pieces beyond a smaller share leave as soon as other members have them, the last copy of a piece only when no other
   * member has room; then the memory goes back to the system. With 0, all goes after 10 s. Reads go on all the while.
   */
  setShare(shareBytes: number): void;
  /** A snapshot that can be written as JSON. */
  status(): FieldStatus;
  close(): Promise<void>;
}

/**
 * Joins the field of an image; resolves when the image's metainfo is known and the port is open.
 * @throws ViverError `FIELD_LISTEN` when the port is taken, `MAGNET_*` for a bad link, `WEBSEED_URL` for a bad web seed.
 */
export async function openField(options: FieldOptions): Promise<Field> {
  const clock = options.clock ?? systemClock;
  const transport = options.transport ?? tcpTransport;
  const peerId = options.peerId ?? randomPeerId();
  const magnet = typeof options.magnet === 'string' ? parseMagnet(options.magnet) : options.magnet;
  const peers = [...(options.peers ?? []), ...(magnet?.peers ?? [])];
  const metainfo = options.metainfo ?? (await findMetainfo(options, magnet, peers, { clock, transport, peerId }));
  const { log, local } = options;
  const shareBytes = options.shareBytes === 'whole' ? shareForWhole(metainfo) : options.shareBytes;
  const seeds = allWebSeeds(options, magnet, metainfo);
  const swarm = new Swarm({
    metainfo,
    transport: webTransport(options, { transport, seeds, metainfo, clock }),
    clock,
    log,
    peerId,
    shareBytes,
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    ...(local ? { local } : {}),
    ...(options.memory ? { memory: options.memory } : {}),
    ...(options.makeChecker ? { makeChecker: options.makeChecker } : {}),
  });
  const source = new FieldSource(metainfo, swarm);
  const routes = fieldRoutes(swarmTracker(swarm, metainfo, clock), source, metainfo.name);
  // A line for each request would be many: a client that reads the image asks range by range.
  const http = { routes, log: { ...log.child('http'), info: log.debug } };
  const addresses = [...peers, ...seeds.map(({ url }) => url)];
  const port = await swarm.open(options.listen, addresses, http).catch(async (error: unknown) => {
    await swarm.close();
    throw error;
  });
  let discovery = discover(options, swarm, port, metainfo, clock);
  return {
    metainfo,
    source,
    port,
    get bootTrace() {
      return swarm.bootTrace.pieces;
    },
    addPeer: (address) => void swarm.connections.dialer.add(address, true),
    discoverOn: (addresses) => {
      discovery?.close();
      discovery = discover({ ...options, discovery: addresses }, swarm, port, metainfo, clock);
    },
    setShare: (shareBytes) => swarm.setShare(shareBytes),
    status: () => fieldStatus(metainfo, swarm, source),
    close: async () => {
      discovery?.close();
      await swarm.close();
    },
  };
}

/** '-VI0100-' and 12 random bytes: the usual form of BEP 20. */
export function randomPeerId(): Uint8Array {
  const id = new Uint8Array(PEER_ID_BYTES);
  id.set(new TextEncoder().encode('-VI0100-'));
  crypto.getRandomValues(id.subarray(8));
  return id;
}

function allWebSeeds(options: FieldOptions, magnet: Magnet | undefined, metainfo: Metainfo): WebSeed[] {
  const named = [...(magnet?.webSeedUrls ?? []), ...(options.webSeeds ?? [])];
  return joinWebSeeds([...(metainfo.webSeeds ?? []), ...named.map(fileWebSeed)]);
}

function webTransport(
  { log, makeHttpClient = nodeHttpClient }: FieldOptions,
  parts: Pick<WebSeedTransportOptions, 'transport' | 'seeds' | 'metainfo' | 'clock'>,
): Transport {
  if (parts.seeds.length === 0) return parts.transport;
  return withWebSeeds({ ...parts, log: log.child('web-seed'), makeClient: makeHttpClient });
}
