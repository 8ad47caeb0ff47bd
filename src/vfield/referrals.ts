// Sending elsewhere whom there is no room for: it is told the addresses of some peers, and of others that were sent elsewhere before and need connections as well.

import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import type { Dialer } from './dialer.ts';
import {
  EXTENDED_HANDSHAKE,
  type ExtendedHandshake,
  encodeExtendedHandshake,
  encodePeerExchange,
} from './peer/extension.ts';
import type { Peer } from './peer/peer.ts';
import type { PeerWire } from './peer/wire.ts';
import { formatAddress, parseAddress } from './transport.ts';

/** Peers, and others that were sent elsewhere, of whom one is told: 50 in all, as BEP 11 says. */
const REFERRED = 25;
/** So long a connection without a place stays open, that the addresses of others may get through. */
const REFER_MS = 2_000;

export interface ReferralsOptions {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly chance: Chance;
  /** Connected peers, by id. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** What this node says of itself to one for whom there is no room. */
  introduction(): ExtendedHandshake;
}

export class Referrals {
  readonly #options: ReferralsOptions;
  /** Addresses of the last ones that were sent elsewhere. */
  #referred: readonly string[] = [];

  constructor(options: ReferralsOptions) {
    this.#options = options;
  }

  /** Names others, and closes the connection soon. @param hello What the caller said of itself. */
  refer(wire: PeerWire, hello: ExtendedHandshake): void {
    const { clock, introduction } = this.#options;
    const payload = encodeExtendedHandshake(introduction());
    wire.send({ kind: 'extended', extension: EXTENDED_HANDSHAKE, payload });
    const extension = hello.extensions.ut_pex;
    if (extension !== undefined) {
      wire.send({ kind: 'extended', extension, payload: encodePeerExchange(this.#others()) });
    }
    this.#remember(wire, hello);
    clock.setTimeout(() => wire.close('no room: sent elsewhere'), REFER_MS);
  }

  #others(): string[] {
    const { chance, peers } = this.#options;
    const some = chance.sample([...peers.values()], REFERRED).map((peer) => peer.dialAddress);
    return [...some, ...this.#referred].filter((address) => address !== undefined);
  }

  #remember(wire: PeerWire, { member, port }: ExtendedHandshake): void {
    const host = parseAddress(wire.remoteAddress)?.host;
    if (!member || !port || !host) return;
    const address = formatAddress(host, port);
    this.#options.dialer.add(address);
    this.#referred = [...this.#referred.filter((other) => other !== address), address].slice(-REFERRED);
  }
}
