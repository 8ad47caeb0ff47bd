// Local discovery (BEP 14) as a field uses it: while the metainfo is sought, and for the members of the swarm.

import type { Clock } from './clock.ts';
import { type Discovery, startDiscovery } from './discovery.ts';
import type { FieldOptions } from './field.ts';
import { infoHashesOf } from './info-hashes.ts';
import type { Magnet } from './magnet.ts';
import type { Metainfo } from './metainfo.ts';
import { INFO_HASH_BYTES } from './peer/handshake.ts';
import type { Swarm } from './swarm.ts';

function wantsDiscovery(options: FieldOptions): boolean {
  return options.discovery !== false && (options.discovery !== undefined || options.transport === undefined);
}

/** Finds who has the image that the link names. */
export function listenForPeers(
  options: FieldOptions,
  magnet: Magnet,
  clock: Clock,
  onFound: (address: string) => void,
): Discovery | undefined {
  if (!wantsDiscovery(options) || options.listen.port === 0) return undefined;
  const infoHashes = [magnet.infoHashV2.subarray(0, INFO_HASH_BYTES)];
  return startDiscovery({
    ...networks(options),
    port: options.listen.port,
    infoHashes,
    clock,
    log: options.log,
    isAlone: () => true,
    onFound,
  });
}

/** Finds members, and is found by them. */
export function discover(
  options: FieldOptions,
  swarm: Swarm,
  port: number,
  metainfo: Metainfo,
  clock: Clock,
): Discovery | undefined {
  if (!wantsDiscovery(options)) return undefined;
  return startDiscovery({
    ...networks(options),
    port,
    infoHashes: infoHashesOf(metainfo),
    clock,
    log: options.log,
    isAlone: () => swarm.connections.peers.size === 0 || swarm.requests.waitingPieces > 0,
    onFound: (address) => swarm.connections.dialer.found(address),
  });
}

function networks(options: FieldOptions): { interfaces?: readonly string[] } {
  return Array.isArray(options.discovery) ? { interfaces: options.discovery } : {};
}
