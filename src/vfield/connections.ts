// Who we are connected to: listening, dialing, handshakes, one connection per peer, bans. Owns the peers' life; what they say goes to the swarm.

import type { HttpServiceOptions } from '../bootserver/http/service.ts';
import { ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Bans } from './bans.ts';
import { CallNames } from './call-names.ts';
import type { Clock } from './clock.ts';
import { Dialer } from './dialer.ts';
import type { InfoHashAlias } from './info-hashes.ts';
import type { Handshake } from './peer/handshake.ts';
import type { Message } from './peer/messages.ts';
import { Peer } from './peer/peer.ts';
import { KEEP_ALIVE_MS, PeerWire } from './peer/wire.ts';
import type { Duplex, DuplexHandlers, Listener, Transport } from './transport.ts';

/** Connections held at once; a room has 200 members. */
const MAX_PEERS = 512;
/** Between an announce to our tracker and our own call: who announces usually calls first. */
const ANNOUNCED_PAUSE_MS = 2_000;
/** A connection that said nothing for so long may be replaced by a new one of the same peer. */
const STALE_MS = KEEP_ALIVE_MS + 1_500;

export interface ConnectionsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** What the image is called in a handshake, the one to be tried first, first. */
  readonly names: readonly InfoHashAlias[];
  readonly pieceCount: number;
  onOpen(peer: Peer, handshake: Handshake): void;
  onMessage(peer: Peer, message: Message): void;
  onClose(peer: Peer): void;
}

export class Connections {
  readonly dialer: Dialer;
  readonly #options: ConnectionsOptions;
  readonly #ownId: string;
  readonly #peers = new Map<string, Peer>();
  /** Every open wire, those before their handshake included. */
  readonly #wires = new Set<PeerWire>();
  readonly #bans: Bans;
  readonly #names: CallNames;
  #listener: Listener | undefined;
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#ownId = options.peerId.toHex();
    this.#bans = new Bans(() => options.clock.now());
    this.#names = new CallNames(options.names);
    this.dialer = new Dialer(options.clock, (address) => this.#dial(address));
  }

  /** Connected peers, by id. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** @param http What clients that speak HTTP on the same port are answered. */
  async listen(address: { host?: string; port: number }, http?: HttpServiceOptions): Promise<number> {
    this.#listener = await this.#options.transport.listen(address, (duplex) => this.#accept(duplex), http);
    return this.#listener.port;
  }

  /** A client listens there and knows the image by this name. It may call us itself: it is given time for that. */
  announced(address: string, infoHash: Uint8Array): void {
    this.#names.used(address, infoHash);
    this.dialer.add(address, false, ANNOUNCED_PAUSE_MS);
  }

  /** Ends the connection and refuses the peer from now on: the bytes prove that it is faulty or lies. */
  banLiar(peer: Peer, reason: string): void {
    this.#bans.forWrongBytes(peer.id, peer.dialAddress);
    this.#options.log.warn(`${peer.address} is banned: ${reason}`);
    peer.wire.close(`banned: ${reason}`);
  }

  /** Ends the connection and refuses the peer for a while. */
  banOffender(peer: Peer, reason: string): void {
    const banMs = this.#bans.forOffence(peer.id, peer.dialAddress);
    this.#options.log.warn(`${peer.address} is banned for ${banMs / 1000} s: ${reason}`);
    peer.wire.close(`banned: ${reason}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wire of [...this.#wires]) wire.close('this node ends');
    await this.#listener?.close();
  }

  #accept(duplex: Duplex): DuplexHandlers {
    return this.#open(duplex, undefined);
  }

  #dial(address: string): Promise<void> {
    if (this.#bans.hasAddress(address)) return Promise.reject(new ViverError('FIELD_CONNECT', `${address} is banned`));
    return this.#options.transport.connect(address, (duplex) => this.#open(duplex, address));
  }

  #open(duplex: Duplex, dialed: string | undefined): DuplexHandlers {
    let peer: Peer | undefined;
    const wire = new PeerWire(
      duplex,
      this.#options.clock,
      {
        onHandshake: (handshake) => {
          peer = this.#greet(wire, handshake, dialed);
        },
        onMessage: (message) => {
          if (peer) this.#options.onMessage(peer, message);
        },
        onDrain: () => peer?.uploads.drained(),
        onNonsense: (reason) => {
          if (peer) this.banOffender(peer, reason);
        },
        onClose: (reason) => this.#ended(wire, peer, dialed, reason),
      },
      dialed === undefined ? undefined : this.#ownHandshake(this.#names.for(dialed)),
    );
    this.#wires.add(wire);
    if (this.#closed || this.#wires.size > MAX_PEERS) wire.close('no room for more connections');
    return wire.handlers;
  }

  #ownHandshake(name: InfoHashAlias): Handshake {
    return { ...name, peerId: this.#options.peerId, extended: true, fast: true };
  }

  #greet(wire: PeerWire, handshake: Handshake, dialed: string | undefined): Peer | undefined {
    const name = this.#names.find(handshake.infoHash);
    const refusal = name ? this.#refusal(wire, handshake, dialed) : 'asks for another image';
    if (refusal !== undefined) {
      wire.close(refusal);
      return undefined;
    }
    if (dialed) this.#names.used(dialed, handshake.infoHash);
    else wire.greet(this.#ownHandshake(name!));
    const peer = new Peer(wire, handshake, this.#options.pieceCount);
    peer.dialAddress = dialed;
    this.#peers.set(peer.id, peer);
    this.#options.onOpen(peer, handshake);
    return peer;
  }

  /** Why the connection is not wanted, or undefined. */
  #refusal(wire: PeerWire, handshake: Handshake, dialed: string | undefined): string | undefined {
    const id = handshake.peerId.toHex();
    if (id === this.#ownId) {
      if (dialed) this.dialer.never(dialed);
      return 'ourselves';
    }
    if (this.#bans.has(id) || (dialed && this.#bans.hasAddress(dialed))) return 'banned';
    const other = this.#peers.get(id);
    if (!other) return undefined;
    if (!this.#replaces(wire, other)) {
      if (dialed) other.addAlias(dialed);
      return 'connected already';
    }
    other.wire.close('replaced by a newer connection');
    return undefined;
  }

  /** Of two connections between the same two peers both must keep the same one: the one made by the peer with the smaller id. */
  #replaces(wire: PeerWire, other: Peer): boolean {
    if (other.wire.silentMs > STALE_MS) return true;
    if (wire.initiator === other.wire.initiator) return false;
    return wire.initiator === this.#ownId < other.id;
  }

  #ended(wire: PeerWire, peer: Peer | undefined, dialed: string | undefined, reason: string): void {
    this.#wires.delete(wire);
    this.#options.log.debug(`${peer?.address ?? wire.remoteAddress}: connection ended: ${reason}`);
    if (!peer) {
      if (dialed && !this.#isAlias(dialed)) {
        this.#names.refused(dialed);
        this.dialer.lost(dialed, false);
      }
      return;
    }
    if (this.#peers.get(peer.id) === peer) this.#peers.delete(peer.id);
    this.#options.onClose(peer);
    for (const address of new Set([...peer.aliases, peer.dialAddress, dialed]))
      if (address) this.dialer.lost(address, true);
  }

  #isAlias(address: string): boolean {
    for (const peer of this.#peers.values()) if (peer.aliases.has(address) || peer.dialAddress === address) return true;
    return false;
  }
}
