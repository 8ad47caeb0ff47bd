// Who we are connected to: listening, dialing, handshakes, one connection per peer, bans. Owns the peers' life; what they say goes to the swarm.

import type { HttpServiceOptions } from '../bootserver/http/service.ts';
import { ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Bans } from './bans.ts';
import { CallNames } from './call-names.ts';
import { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import { Dialer } from './dialer.ts';
import { Guest } from './guest.ts';
import type { InfoHashAlias } from './info-hashes.ts';
import type { ExtendedHandshake } from './peer/extension.ts';
import type { Handshake } from './peer/handshake.ts';
import type { Message } from './peer/messages.ts';
import { Peer } from './peer/peer.ts';
import { KEEP_ALIVE_MS, PeerWire } from './peer/wire.ts';
import { seedOf } from './placement.ts';
import { Places } from './places.ts';
import { Referrals } from './referrals.ts';
import type { Duplex, DuplexHandlers, Listener, Transport } from './transport.ts';

/** Between an announce to our tracker and our own call: who announces usually calls first. */
const ANNOUNCED_PAUSE_MS = 2_000;
/** Connections open beside those that are held: before their handshake, or being sent elsewhere. */
const MAX_PASSING = 256;
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
  /** Connections held in a room that is too large for a full mesh. */
  readonly bound: number;
  /** A piece that is waited for and that no peer has. */
  seeks(): number | undefined;
  /** This node can give the piece. */
  gives(piece: number): boolean;
  /** What this node says of itself to one for whom there is no room. */
  introduction(): ExtendedHandshake;
  onOpen(peer: Peer, handshake: Handshake): void;
  onMessage(peer: Peer, message: Message): void;
  onClose(peer: Peer): void;
}

/** A connection from its first byte on: nobody yet, then a guest if there is no room, then perhaps a peer. */
interface Session {
  peer?: Peer;
  guest?: Guest;
}

export class Connections {
  readonly dialer: Dialer;
  readonly chance: Chance;
  readonly #places: Places;
  readonly #referrals: Referrals;
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
    this.chance = new Chance(seedOf(this.#ownId));
    this.dialer = new Dialer({
      clock: options.clock,
      chance: this.chance,
      dial: (address) => this.#dial(address),
      room: () => this.#places.wanted,
    });
    const { clock, bound, seeks, gives, introduction } = options;
    const parts = { clock, dialer: this.dialer, peers: this.#peers, chance: this.chance };
    this.#places = new Places({ ...parts, bound, seed: seedOf(this.#ownId), seeks, gives });
    this.#referrals = new Referrals({ ...parts, introduction });
  }

  /** Connected peers, by id. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The room has more members than fit into a full mesh. */
  get isLarge(): boolean {
    return this.#places.isLarge;
  }

  /** Dials whom it wants, and lets go of what is too much; called every few hundred ms. */
  tick(): void {
    this.#places.trim();
    this.dialer.tick();
    this.#places.mix();
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

  /**
   * An offender that listens there is not to come back under a new id. Where a piece is waited for that no peer has, it may: its bytes are checked, and it may
   * be the only one.
   */
  isBanned(address: string): boolean {
    return this.#bans.hasAddress(address) && this.#options.seeks() === undefined;
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
    if (this.isBanned(address)) return Promise.reject(new ViverError('FIELD_CONNECT', `${address} is banned`));
    return this.#options.transport.connect(address, (duplex) => this.#open(duplex, address));
  }

  #open(duplex: Duplex, dialed: string | undefined): DuplexHandlers {
    const session: Session = {};
    const wire = new PeerWire(
      duplex,
      this.#options.clock,
      {
        onHandshake: (handshake) => this.#greet(session, wire, handshake, dialed),
        onMessage: (message) => this.#hear(session, message),
        onDrain: () => session.peer?.uploads.drained(),
        onNonsense: (reason) => {
          if (session.peer) this.banOffender(session.peer, reason);
        },
        onClose: (reason) => this.#ended(wire, session.peer, dialed, reason),
      },
      dialed === undefined ? undefined : this.#ownHandshake(this.#names.for(dialed)),
    );
    this.#wires.add(wire);
    if (this.#closed || this.#wires.size > this.#places.most + MAX_PASSING) {
      wire.close('no room for more connections');
    }
    return wire.handlers;
  }

  #ownHandshake(name: InfoHashAlias): Handshake {
    return { ...name, peerId: this.#options.peerId, extended: true, fast: true };
  }

  #greet(session: Session, wire: PeerWire, handshake: Handshake, dialed: string | undefined): void {
    const name = this.#names.find(handshake.infoHash);
    const refusal = name ? this.#refusal(wire, handshake, dialed) : 'asks for another image';
    if (refusal !== undefined) {
      // Whoever called himself sees it by the answer's peer id, ends the call and never makes it again.
      if (name && !dialed && this.#isOwn(handshake)) wire.greet(this.#ownHandshake(name));
      else wire.close(refusal);
      return;
    }
    if (dialed) this.#names.used(dialed, handshake.infoHash);
    else wire.greet(this.#ownHandshake(name!));
    if (dialed !== undefined || this.#places.isFree) {
      this.#join(session, wire, handshake, dialed);
    } else if (handshake.extended) {
      session.guest = new Guest(wire, handshake);
    } else {
      wire.close('no room for more peers');
    }
  }

  #join(session: Session, wire: PeerWire, handshake: Handshake, dialed: string | undefined): Peer {
    const peer = new Peer(wire, handshake, this.#options.pieceCount);
    peer.dialAddress = dialed;
    peer.openedAt = this.#options.clock.now();
    session.peer = peer;
    this.#peers.set(peer.id, peer);
    this.#options.onOpen(peer, handshake);
    return peer;
  }

  #hear(session: Session, message: Message): void {
    if (session.peer) this.#options.onMessage(session.peer, message);
    else if (session.guest) this.#hearGuest(session, session.guest, message);
  }

  #hearGuest(session: Session, guest: Guest, message: Message): void {
    const hello = guest.hear(message);
    if (!hello) return;
    delete session.guest;
    if (!this.#places.isWorthOne(guest, hello)) {
      this.#referrals.refer(guest.wire, hello);
      return;
    }
    const peer = this.#join(session, guest.wire, guest.handshake, undefined);
    for (const said of guest.said) if (!guest.wire.closed) this.#options.onMessage(peer, said);
  }

  #isOwn({ peerId }: Handshake): boolean {
    return peerId.toHex() === this.#ownId;
  }

  /** Why the connection is not wanted, or undefined. */
  #refusal(wire: PeerWire, handshake: Handshake, dialed: string | undefined): string | undefined {
    const id = handshake.peerId.toHex();
    if (this.#isOwn(handshake)) {
      if (dialed) this.dialer.never(dialed);
      return 'ourselves';
    }
    if (this.#bans.has(id) || (dialed && this.isBanned(dialed))) return 'banned';
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
    if (peer.isFull && peer.dialAddress) this.dialer.rest(peer.dialAddress);
  }

  #isAlias(address: string): boolean {
    for (const peer of this.#peers.values()) if (peer.aliases.has(address) || peer.dialAddress === address) return true;
    return false;
  }
}
