// Local discovery (BEP 14) as the fallback by which nodes find each other without a hint: a `first` that comes back finds the running nodes, and they
// find it. The one file of the field with node:dgram. A host without multicast is no error: nodes then know each other by exchange alone.

import { createSocket, type Socket } from 'node:dgram';
import { errorLine } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock, Timer } from './clock.ts';
import { DISCOVERY_GROUP, DISCOVERY_PORT, decodeDiscovery, encodeDiscovery } from './discovery-message.ts';
import { sameBytes } from './hash.ts';
import { formatAddress } from './transport.ts';

/** Announcements are this far apart while we know nobody, and while we do; BEP 14 asks for less than one a minute. */
const ALONE_MS = 3_000;
const SETTLED_MS = 60_000;
/** Who is heard is answered, so that it need not wait for the next announcement; not more often than this. */
const ANSWER_MS = 1_000;
/** A room is one network, but a switch or two may route. */
const MULTICAST_TTL = 4;

export interface Discovery {
  close(): void;
}

export interface DiscoveryOptions {
  /** Local addresses of the networks to speak on; all that the system chooses when left out. */
  readonly interfaces?: readonly string[];
  readonly port: number;
  /** 20 bytes each. */
  readonly infoHashes: readonly Uint8Array[];
  readonly clock: Clock;
  readonly log: Log;
  isAlone(): boolean;
  onFound(address: string): void;
}

/** Announces us and listens for others until closed. */
export function startDiscovery(options: DiscoveryOptions): Discovery {
  const cookie = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const announcement = encodeDiscovery({ port: options.port, infoHashes: [...options.infoHashes], cookie });
  let timer: Timer;
  let lastAt = Number.NEGATIVE_INFINITY;
  const announce = (leastMs: number): void => {
    const now = options.clock.now();
    if (now - lastAt < leastMs) return;
    lastAt = now;
    send(socket, announcement, options.interfaces ?? []);
  };
  const tick = (): void => {
    timer = options.clock.setTimeout(tick, ALONE_MS);
    announce(options.isAlone() ? 0 : SETTLED_MS);
  };
  socket.on('error', (error) => options.log.debug(`local discovery: ${errorLine(error)}`));
  socket.on('message', (bytes, from) => {
    const message = decodeDiscovery(bytes);
    if (!message || message.cookie === cookie) return;
    const isOurs = message.infoHashes.some((hash) => options.infoHashes.some((own) => sameBytes(own, hash)));
    if (!isOurs) return;
    options.onFound(formatAddress(from.address, message.port));
    announce(ANSWER_MS);
  });
  socket.bind(DISCOVERY_PORT, () => {
    join(socket, options);
    tick();
  });
  socket.unref();
  return {
    close: () => {
      options.clock.clearTimeout(timer);
      socket.removeAllListeners('message');
      try {
        socket.close();
      } catch {
        // It never opened.
      }
    },
  };
}

function join(socket: Socket, { interfaces = [], log }: DiscoveryOptions): void {
  for (const address of interfaces.length > 0 ? interfaces : [undefined]) {
    try {
      socket.addMembership(DISCOVERY_GROUP, address);
      socket.setMulticastTTL(MULTICAST_TTL);
      socket.setMulticastLoopback(true);
    } catch (error) {
      log.debug(`local discovery on ${address ?? 'the default network'}: ${errorLine(error)}`);
    }
  }
}

function send(socket: Socket, bytes: Uint8Array, interfaces: readonly string[]): void {
  for (const address of interfaces.length > 0 ? interfaces : [undefined]) {
    try {
      if (address !== undefined) socket.setMulticastInterface(address);
      socket.send(bytes, DISCOVERY_PORT, DISCOVERY_GROUP, () => {});
    } catch {
      // No route for multicast now; the next announcement may have one.
    }
  }
}
