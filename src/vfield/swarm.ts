// The members of one image's field and what they say to each other: puts together connections, requests, keeper and store. The one owner of
// "who has what"; everything runs on one event loop, one message at a time.

import type { Log } from '../log.ts';
import { Availability } from './availability.ts';
import { BitSet } from './bitset.ts';
import type { BlockSource } from './block-source.ts';
import { type Clock, debounced, repeat } from './clock.ts';
import { Connections } from './connections.ts';
import { Keeper } from './keeper.ts';
import { LocalPieces } from './local-pieces.ts';
import { isPieceGood } from './merkle.ts';
import { MetadataService } from './metadata-service.ts';
import type { Metainfo } from './metainfo.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodePeerExchange,
  decodeUrgent,
  EXTENDED_HANDSHAKE,
  type ExtendedHandshake,
  encodeDontHave,
  type MemberHello,
  OwnExtension,
} from './peer/extension.ts';
import type { Handshake } from './peer/handshake.ts';
import { type BlockRange, encodePiece, MAX_REQUEST_BYTES, type Message } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';
import { MAX_QUEUED_REQUESTS, Uploads } from './peer/uploads.ts';
import { exchangePeers } from './peer-exchange.ts';
import type { PlacementMember } from './placement.ts';
import { Requests } from './requests.ts';
import { capacityOfShare, PieceStore, slotsOfShare } from './store.ts';
import { formatAddress, parseAddress, type Transport } from './transport.ts';

/** Housekeeping: dialing, letting go, new background work. */
const TICK_MS = 200;
/** A change of members is answered with a new placement after so long, once for a whole burst. */
const PLACE_MS = 400;
/** Foreign clients served at once; our own nodes are always served. */
const MAX_FOREIGN_SERVED = 8;
const CLIENT = 'Viver 0.1';

export interface SwarmOptions {
  readonly metainfo: Metainfo;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** 20 bytes, random, new for each start. */
  readonly peerId: Uint8Array;
  readonly shareBytes: number;
  /** The image on this node's own medium. */
  readonly local?: BlockSource;
}

export class Swarm {
  readonly store: PieceStore;
  readonly availability: Availability;
  readonly requests: Requests;
  readonly connections: Connections;
  readonly keeper: Keeper;
  readonly local: LocalPieces | undefined;
  readonly member: MemberHello;
  readonly #metainfo: Metainfo;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metadata: MetadataService;
  readonly #stopTicking: () => void;
  readonly #placeSoon: { call(): void; cancel(): void };
  #port = 0;
  /** Bytes got from peers that are gone, by address; those of connected ones are with the peer. */
  readonly bytesFromGone = new Map<string, number>();

  constructor(options: SwarmOptions) {
    const { metainfo, clock, log, shareBytes } = options;
    this.#metainfo = metainfo;
    this.#clock = clock;
    this.#log = log;
    this.store = new PieceStore(metainfo, slotsOfShare(shareBytes, metainfo.pieceBytes));
    this.availability = new Availability(metainfo.pieceCount);
    this.#metadata = new MetadataService(metainfo, log);
    this.local =
      options.local && new LocalPieces(options.local, metainfo, log, (piece) => this.#announce(piece, false));
    this.member = { id: options.peerId.toHex(), shareBytes, kind: options.local ? 'medium' : 'ram' };
    this.connections = new Connections({
      transport: options.transport,
      clock,
      log,
      peerId: options.peerId,
      infoHashV1: metainfo.infoHashV1,
      infoHashV2: metainfo.infoHashV2,
      pieceCount: metainfo.pieceCount,
      onOpen: (peer, handshake) => this.#onOpen(peer, handshake),
      onMessage: (peer, message) => this.#onMessage(peer, message),
      onClose: (peer) => this.#onClose(peer),
    });
    this.keeper = this.#makeKeeper(clock);
    this.requests = this.#makeRequests(clock);
    this.#placeSoon = debounced(clock, PLACE_MS, () => this.#place());
    this.#stopTicking = repeat(clock, TICK_MS, () => this.#tick());
  }

  /** @returns The port that it listens on. */
  async open(listen: { host?: string; port: number }, peers: readonly string[]): Promise<number> {
    this.#port = await this.connections.listen(listen);
    for (const address of peers) this.connections.dialer.add(address, true);
    this.#place();
    this.connections.dialer.tick();
    return this.#port;
  }

  /** The verified bytes of a piece if they are in RAM, a view valid until the caller returns to the event loop. */
  held(piece: number): Uint8Array | undefined {
    return this.store.get(piece);
  }

  async close(): Promise<void> {
    this.#stopTicking();
    this.#placeSoon.cancel();
    this.requests.close();
    await this.connections.close();
  }

  #makeKeeper(clock: Clock): Keeper {
    const { pieceBytes, pieceCount } = this.#metainfo;
    const isMedium = this.member.kind === 'medium';
    return new Keeper({
      clock,
      store: this.store,
      availability: this.availability,
      pieceCount,
      capacity: isMedium ? 0 : capacityOfShare(this.member.shareBytes, pieceBytes),
      ownId: this.member.id,
      announce: (piece, have) => this.#announce(piece, have),
      isHeldBy: (piece, members) =>
        members.some((id) => {
          const peer = this.connections.peers.get(id);
          return peer?.keepsInRam === true && peer.has.has(piece);
        }),
    });
  }

  #makeRequests(clock: Clock): Requests {
    return new Requests({
      clock,
      store: this.store,
      peers: () => this.connections.peers.values(),
      isGood: (piece, bytes) => isPieceGood(this.#metainfo, piece, bytes),
      onPiece: (piece, slot) => this.#onPiece(piece, slot),
      onLiar: (peer, piece) => this.connections.ban(peer, `piece ${piece} has a wrong hash`),
      onStall: (peer, piece) => this.#log.info(`${peer.address} stalls at piece ${piece}: asking others`),
      nextInBackground: (peer, busy) => this.keeper.next(peer.has, busy),
    });
  }

  #onPiece(piece: number, slot: number): void {
    const kept = this.keeper.shouldKeep(piece);
    this.store.put(piece, slot, kept);
    if (kept) this.keeper.onKept(piece);
  }

  #tick(): void {
    const { dialer } = this.connections;
    dialer.hurry = this.requests.waitingPieces > 0 || this.connections.peers.size === 0;
    dialer.tick();
    if (this.keeper.tick()) this.requests.plan();
    exchangePeers(this.connections.peers, this.#clock.now());
  }

  #place(): void {
    this.keeper.place(this.#members());
    this.requests.plan();
  }

  /** Who keeps pieces in RAM, ourselves included. */
  #members(): PlacementMember[] {
    const hellos = [this.member, ...Array.from(this.connections.peers.values(), (peer) => peer.member)];
    return hellos
      .filter((hello) => hello?.kind === 'ram')
      .map((hello) => ({
        id: hello!.id,
        capacityPieces: capacityOfShare(hello!.shareBytes, this.#metainfo.pieceBytes),
      }));
  }

  #announce(piece: number, have: boolean): void {
    for (const peer of this.connections.peers.values()) {
      if (have) peer.wire.send({ kind: 'have', piece });
      else peer.extend('lt_donthave', encodeDontHave(piece));
    }
  }

  // --- one peer's life ---

  #onOpen(peer: Peer, handshake: Handshake): void {
    peer.uploads = new Uploads({
      block: (range) => this.#block(range),
      sendBlock: (range, bytes) => {
        peer.bytesTo += bytes.length;
        return peer.wire.sendBytes(encodePiece(range.piece, range.begin, bytes));
      },
      sendReject: (range) => {
        if (peer.fast) peer.wire.send({ kind: 'reject', ...range });
      },
    });
    this.#sendWhatWeHave(peer);
    if (handshake.extended) peer.greet(this.#ownExtendedHandshake());
    peer.weAreInterested = true;
    peer.wire.send({ kind: 'interested' });
  }

  #sendWhatWeHave(peer: Peer): void {
    const ours = this.#announced();
    if (peer.fast && ours.count === ours.size) peer.wire.send({ kind: 'haveAll' });
    else if (peer.fast && ours.count === 0) peer.wire.send({ kind: 'haveNone' });
    else if (ours.count > 0) peer.wire.send({ kind: 'bitfield', bits: ours.bytes.slice() });
  }

  /** What peers are told that we have. */
  #announced(): BitSet {
    const { pieceCount } = this.#metainfo;
    const set = new BitSet(pieceCount);
    for (let piece = 0; piece < pieceCount; piece++) {
      if (this.local?.has(piece) || (this.store.kept.has(piece) && !this.keeper.isLeaving(piece))) set.add(piece);
    }
    return set;
  }

  #ownExtendedHandshake(): ExtendedHandshake {
    return {
      extensions: OwnExtension,
      port: this.#port,
      metadataBytes: this.#metainfo.infoBytes.length,
      requestQueue: MAX_QUEUED_REQUESTS,
      client: CLIENT,
      member: this.member,
    };
  }

  #onClose(peer: Peer): void {
    this.availability.recount(peer, () => peer.has.clear());
    peer.uploads.clear();
    this.requests.abandon(peer);
    this.bytesFromGone.set(peer.address, (this.bytesFromGone.get(peer.address) ?? 0) + peer.bytesFrom);
    this.keeper.touch();
    if (peer.member) this.#log.info(`${peer.address} has left`);
    if (peer.keepsInRam) this.#placeSoon.call();
    if (!peer.choked && !peer.member) this.#serveNextForeign();
  }

  // --- what it says ---

  #onMessage(peer: Peer, message: Message): void {
    switch (message.kind) {
      case 'piece':
        peer.bytesFrom += message.bytes.length;
        this.requests.onBlock(peer, message.piece, message.begin, message.bytes);
        return;
      case 'request':
        this.#onRequest(peer, message, false);
        return;
      case 'cancel':
        peer.uploads.cancel(message);
        return;
      case 'reject':
        this.requests.onReject(peer, message.piece);
        return;
      case 'have':
        this.#onHave(peer, message.piece);
        return;
      case 'bitfield':
        this.#onBitfield(peer, message.bits);
        return;
      case 'haveAll':
        this.#onHas(peer, () => peer.has.fill());
        return;
      case 'haveNone':
        this.#onHas(peer, () => peer.has.clear());
        return;
      case 'choke':
        peer.chokesUs = true;
        this.requests.abandon(peer);
        return;
      case 'unchoke':
        peer.chokesUs = false;
        this.requests.plan();
        return;
      case 'interested':
        peer.interested = true;
        this.#serve(peer);
        return;
      case 'notInterested':
        peer.interested = false;
        return;
      case 'hashRequest':
        this.#metadata.onHashRequest(peer, message);
        return;
      case 'extended':
        this.#onExtended(peer, message.extension, message.payload);
        return;
    }
  }

  #onExtended(peer: Peer, extension: number, payload: Uint8Array): void {
    switch (extension) {
      case EXTENDED_HANDSHAKE:
        this.#onExtendedHandshake(peer, decodeExtendedHandshake(payload));
        return;
      case OwnExtension.ut_metadata:
        this.#metadata.onMetadata(peer, payload);
        return;
      case OwnExtension.ut_pex:
        for (const address of decodePeerExchange(payload)) this.connections.dialer.add(address);
        return;
      case OwnExtension.lt_donthave:
        this.#onDontHave(peer, decodeDontHave(payload));
        return;
      case OwnExtension.viver_urgent:
        this.#onRequest(peer, decodeUrgent(payload), true);
        return;
    }
  }

  #onExtendedHandshake(peer: Peer, hello: ExtendedHandshake): void {
    peer.extensions = { ...peer.extensions, ...hello.extensions };
    peer.metadataBytes = hello.metadataBytes ?? peer.metadataBytes;
    peer.client = hello.client ?? peer.client;
    const host = parseAddress(peer.wire.remoteAddress)?.host;
    if (hello.port && host) this.#learnAddress(peer, formatAddress(host, hello.port));
    // The id in the hello must be the peer's own: nobody speaks for another in placement.
    if (hello.member?.id === peer.id) this.#onMember(peer, hello.member);
  }

  #learnAddress(peer: Peer, address: string): void {
    peer.dialAddress ??= address;
    this.connections.dialer.connected(address);
    if (address !== peer.dialAddress) peer.aliases.add(address);
  }

  #onMember(peer: Peer, member: MemberHello): void {
    if (!peer.member) this.#log.info(`${peer.address} is here: ${member.kind}, gives ${member.shareBytes >> 20} MiB`);
    this.availability.recount(peer, () => peer.becomeMember(member));
    this.#unchoke(peer);
    this.#placeSoon.call();
  }

  #onHave(peer: Peer, piece: number): void {
    if (!peer.has.add(piece)) return;
    this.availability.change(peer, piece, 1);
    this.#news();
  }

  #onDontHave(peer: Peer, piece: number): void {
    if (!peer.has.delete(piece)) return;
    this.availability.change(peer, piece, -1);
    this.requests.onReject(peer, piece);
    this.#news();
  }

  #onBitfield(peer: Peer, bits: Uint8Array): void {
    if (bits.length === peer.has.bytes.length) this.#onHas(peer, () => void peer.has.load(bits));
    else peer.wire.close(`a bitfield of ${bits.length} bytes for ${peer.has.size} pieces`);
  }

  #onHas(peer: Peer, edit: () => void): void {
    if (!peer.wire.closed) this.availability.recount(peer, edit);
    this.#news();
  }

  #news(): void {
    this.keeper.touch();
    this.requests.plan();
  }

  // --- serving ---

  #serve(peer: Peer): void {
    if (!peer.choked || peer.member) return;
    const served = Array.from(this.connections.peers.values()).filter((other) => !other.choked && !other.member).length;
    if (served < MAX_FOREIGN_SERVED) this.#unchoke(peer);
  }

  #serveNextForeign(): void {
    for (const peer of this.connections.peers.values()) if (peer.interested) this.#serve(peer);
  }

  #unchoke(peer: Peer): void {
    if (!peer.choked) return;
    peer.choked = false;
    peer.wire.send({ kind: 'unchoke' });
  }

  #onRequest(peer: Peer, range: BlockRange, urgent: boolean): void {
    if (!this.#isRange(range)) {
      peer.wire.close(`asks for ${range.length} bytes at ${range.begin} of ${range.piece}`);
      return;
    }
    if (!peer.choked) {
      peer.uploads.add(range, urgent);
      return;
    }
    if (peer.fast) peer.wire.send({ kind: 'reject', ...range });
  }

  #isRange({ piece, begin, length }: BlockRange): boolean {
    if (piece >= this.#metainfo.pieceCount || length === 0 || length > MAX_REQUEST_BYTES) return false;
    return begin + length <= this.store.pieceLength(piece);
  }

  #block(range: BlockRange): Uint8Array | Promise<Uint8Array | undefined> | undefined {
    const cut = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
      bytes?.subarray(range.begin, range.begin + range.length);
    const held = this.store.get(range.piece);
    if (held) return cut(held);
    if (this.local?.has(range.piece)) return this.local.read(range.piece).then(cut);
    return undefined;
  }
}
