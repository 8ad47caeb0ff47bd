// The members of one image's field and what they say to each other: puts together connections, requests, keeper and store. The one owner of
// "who has what"; everything runs on one event loop, one message at a time.

import type { HttpServiceOptions } from '../bootserver/http/service.ts';
import type { Log } from '../log.ts';
import { Announcements } from './announcements.ts';
import { Availability } from './availability.ts';
import type { BlockSource } from './block-source.ts';
import { checkHere, type MakeChecker, type PieceChecker } from './checking/piece-checker.ts';
import { type Clock, repeat } from './clock.ts';
import { Connections } from './connections.ts';
import { FetchAhead } from './fetch-ahead.ts';
import { Greeting } from './greeting.ts';
import { Hearing } from './hearing.ts';
import { infoHashAliases } from './info-hashes.ts';
import { Keeper, type KeeperLimits } from './keeper.ts';
import { LocalPieces } from './local-pieces.ts';
import { Membership } from './membership.ts';
import { isPieceGood } from './merkle.ts';
import { MetadataService } from './metadata-service.ts';
import type { Metainfo } from './metainfo.ts';
import { Others } from './others.ts';
import type { MemberHello } from './peer/extension.ts';
import type { Handshake } from './peer/handshake.ts';
import type { Peer } from './peer/peer.ts';
import { PeerExchanges } from './peer-exchange.ts';
import { type Placement, seedOf } from './placement.ts';
import { Requests } from './requests.ts';
import { Serving } from './serving.ts';
import { capacityOfShare, mostKept, slotsOfShare } from './share.ts';
import type { SlotMemory } from './slot-memory.ts';
import { Sparing } from './sparing.ts';
import { PieceStore } from './store.ts';
import { TraceExchange } from './trace-exchange.ts';
import type { Transport } from './transport.ts';

/** Housekeeping: dialing, letting go, new background work. */
const TICK_MS = 200;
/** Whatever has changed by time alone (a slow peer may be asked again) is found within a second. */
const TICKS_PER_PLAN = 5;
/** What no peer has, yet somebody waits for, is looked for farther away after so long: in a room that starts at once it is on its way, from neighbour to neighbour. */
const SEEK_AFTER_MS = 500;
/** Gone peers whose bytes are told apart. */
const MAX_GONE = 256;
const OTHERS = 'others';

export interface SwarmOptions {
  readonly metainfo: Metainfo;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** 20 bytes, random, new for each start. */
  readonly peerId: Uint8Array;
  readonly shareBytes: number;
  /** Connections held in a room that is too large for a full mesh. */
  readonly connections: number;
  /** The image on this node's own medium. */
  readonly local?: BlockSource;
  readonly memory?: SlotMemory;
  readonly makeChecker?: MakeChecker;
}

export class Swarm {
  readonly store: PieceStore;
  readonly availability: Availability;
  readonly requests: Requests;
  readonly connections: Connections;
  readonly keeper: Keeper;
  readonly local: LocalPieces | undefined;
  /** What this node says of itself; its share may change. */
  member: MemberHello;
  readonly bootTrace: TraceExchange;
  readonly #metainfo: Metainfo;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #checker: PieceChecker;
  readonly #serving: Serving;
  readonly #greeting: Greeting;
  readonly #exchanges: PeerExchanges;
  readonly #announcements: Announcements;
  readonly #metadata: MetadataService;
  readonly #ahead: FetchAhead;
  readonly #sparing: Sparing;
  #ticks = 0;
  readonly #stopTicking: () => void;
  readonly #membership: Membership;
  #port = 0;
  /** Bytes got from peers that are gone, by address, of many strangers together; those of connected ones are with the peer. */
  readonly bytesFromGone = new Map<string, number>();

  constructor(options: SwarmOptions) {
    const { metainfo, clock, log, shareBytes } = options;
    this.#metainfo = metainfo;
    this.#clock = clock;
    this.#log = log;
    this.store = new PieceStore(metainfo, slotsOfShare(shareBytes, metainfo.pieceBytes), options.memory);
    this.#checker = (options.makeChecker ?? checkHere)(metainfo, log);
    this.availability = new Availability(metainfo.pieceCount);
    this.#ahead = new FetchAhead(this.store, metainfo.pieceCount);
    this.local =
      options.local && new LocalPieces(options.local, metainfo, log, (piece) => this.#announcements.tell(piece, false));
    this.member = { id: options.peerId.toHex(), shareBytes, kind: options.local ? 'medium' : 'ram' };
    this.connections = new Connections({
      transport: options.transport,
      clock,
      log,
      peerId: options.peerId,
      names: infoHashAliases(metainfo),
      pieceCount: metainfo.pieceCount,
      bound: options.connections,
      seeks: () => this.#seeks(),
      gives: (piece) => this.store.has(piece) || this.local?.has(piece) === true,
      introduction: () => this.#greeting.refusal(),
      onOpen: (peer, handshake) => this.#onOpen(peer, handshake),
      onMessage: (peer, message) => hearing.hear(peer, message),
      onClose: (peer) => this.#onClose(peer),
    });
    this.#exchanges = new PeerExchanges(this.connections.chance);
    this.#announcements = new Announcements(clock, () => this.connections.peers);
    this.#sparing = new Sparing({
      clock,
      availability: this.availability,
      store: this.store,
      metainfo,
      ownId: this.member.id,
      peers: () => this.connections.peers,
      isLarge: () => this.connections.isLarge,
    });
    this.keeper = this.#makeKeeper(clock);
    this.requests = this.#makeRequests(clock);
    this.#serving = this.#makeServing();
    this.#greeting = this.#makeGreeting();
    this.#metadata = new MetadataService(metainfo, (piece) => this.store.get(piece), log);
    this.bootTrace = new TraceExchange({ metainfo, clock, log, onKnown: () => this.#onTrace() });
    this.#ahead.follow(this.bootTrace.pieces);
    const hearing = this.#makeHearing();
    this.#membership = this.#makeMembership();
    this.#stopTicking = repeat(clock, TICK_MS, () => this.#tick());
  }

  /**
   * @param http What clients that speak HTTP on the same port are answered.
   * @returns The port that it listens on.
   */
  async open(
    listen: { host?: string; port: number },
    peers: readonly string[],
    http?: HttpServiceOptions,
  ): Promise<number> {
    this.#port = await this.connections.listen(listen, http);
    for (const address of peers) this.connections.dialer.add(address, true);
    this.#membership.begin();
    this.connections.dialer.tick();
    return this.#port;
  }

  /** The verified bytes of a piece if they are in RAM, a view valid until the caller returns to the event loop. */
  held(piece: number): Uint8Array | undefined {
    return this.store.get(piece);
  }

  /** The reader of the image has come to this piece. */
  reached(piece: number): void {
    if (this.#ahead.reached(piece)) this.requests.plan();
  }

  /** Gives more or less RAM from now on. Members hear of it at once; memory is given back as others take over what leaves. */
  setShare(shareBytes: number): void {
    const { pieceBytes } = this.#metainfo;
    if (shareBytes === this.member.shareBytes) return;
    this.member = { ...this.member, shareBytes };
    this.store.resize(slotsOfShare(shareBytes, pieceBytes));
    this.keeper.limits = this.#keeperLimits();
    for (const peer of this.connections.peers.values()) if (peer.member) peer.greet(this.#greeting.hello(peer));
    this.#membership.shareChanged();
  }

  async close(): Promise<void> {
    this.#stopTicking();
    this.#membership.close();
    this.#announcements.close();
    this.requests.close();
    this.#checker.close();
    await this.connections.close();
  }

  #makeMembership(): Membership {
    return new Membership({
      clock: this.#clock,
      metainfo: this.#metainfo,
      self: () => this.member,
      peers: () => this.connections.peers.values(),
      boot: () => this.bootTrace.set,
      onMembers: (members) => {
        this.#sparing.onMembers(members);
        if (this.#seeks() !== undefined) this.connections.tick();
      },
      introduce: () => {
        this.#exchangePeers();
        this.connections.dialer.tick();
      },
      onPlaced: (placement) => this.#onPlaced(placement),
    });
  }

  #makeKeeper(clock: Clock): Keeper {
    const { pieceBytes, pieceCount } = this.#metainfo;
    return new Keeper({
      clock,
      store: this.store,
      availability: this.availability,
      others: new Others(() => this.connections.peers, this.member.id, pieceBytes),
      pieceCount,
      limits: this.#keeperLimits(),
      ownId: this.member.id,
      announce: (piece, have) => this.#announcements.tell(piece, have),
    });
  }

  /** A node that serves from its medium keeps nothing. */
  #keeperLimits(): KeeperLimits {
    const { kind, shareBytes } = this.member;
    const { pieceBytes } = this.#metainfo;
    if (kind === 'medium') return { capacity: 0, most: 0 };
    return { capacity: capacityOfShare(shareBytes, pieceBytes), most: mostKept(shareBytes, pieceBytes) };
  }

  #makeRequests(clock: Clock): Requests {
    return new Requests({
      clock,
      store: this.store,
      seed: seedOf(this.member.id),
      peers: () => this.connections.peers.values(),
      relayOf: (piece) => this.#sparing.relayOf(piece),
      checker: this.#checker,
      isGood: (piece, bytes) => isPieceGood(this.#metainfo, piece, bytes),
      onPiece: (piece, slot) => this.#onPiece(piece, slot),
      onLiar: (peer, piece) => this.connections.banLiar(peer, `piece ${piece} has a wrong hash`),
      onStall: (peer, piece) => this.#log.info(`${peer.address} stalls at piece ${piece}: asking others`),
      onOffender: (peer, reason) => this.connections.banOffender(peer, reason),
      isWanted: (piece) => !this.store.has(piece) && (this.#ahead.wants(piece) || this.keeper.shouldKeep(piece)),
      nextAhead: (peer, busy) => this.#ahead.next(peer.has, busy, this.#mayAsk(peer)),
      nextInBackground: (peer, busy) => this.keeper.next(peer.has, busy, this.#mayAsk(peer)),
    });
  }

  #makeServing(): Serving {
    const { pieceCount } = this.#metainfo;
    return new Serving({
      clock: this.#clock,
      store: this.store,
      local: this.local,
      pieceCount,
      peers: () => this.connections.peers.values(),
      isLarge: () => this.connections.isLarge,
      isHeldInRam: (piece) => this.availability.ramHolders[piece]! > 0,
      willAnnounce: (peer, piece) => this.#sparing.willAnnounce(peer, piece),
      demand: (piece, arrived) => this.requests.demand(piece, arrived, false),
    });
  }

  #mayAsk(peer: Peer): (piece: number) => boolean {
    return (piece) => !this.requests.isLater(piece, peer) && this.#sparing.mayAsk(peer, piece);
  }

  #makeGreeting(): Greeting {
    return new Greeting({
      pieceCount: this.#metainfo.pieceCount,
      port: () => this.#port,
      member: () => this.member,
      connections: () => this.connections.peers.size,
      has: (piece) => (this.store.kept.has(piece) && !this.keeper.isLeaving(piece)) || this.local?.has(piece) === true,
      metadataBytes: (peer) => this.#metadata.infoBytesFor(peer).length,
      traceBytes: () => this.bootTrace.offeredBytes,
      seeks: () => this.#seeks(),
    });
  }

  #makeHearing(): Hearing {
    return new Hearing({
      log: this.#log,
      availability: this.availability,
      dialer: this.connections.dialer,
      isBanned: (address) => this.connections.isBanned(address),
      requests: this.requests,
      serving: this.#serving,
      metadata: this.#metadata,
      bootTrace: this.bootTrace,
      onMember: () => this.#membership.changed(),
      onHave: (peer, piece) => {
        this.keeper.touch();
        this.requests.onHave(peer, piece);
      },
      onNews: () => this.#onNews(),
    });
  }

  /** Peers have more or fewer pieces, or the boot trace has come. */
  #onNews(): void {
    this.keeper.touch();
    this.requests.plan();
  }

  #onPiece(piece: number, slot: number): void {
    if (this.store.put(piece, slot, this.keeper.shouldKeep(piece))) this.keeper.onKept(piece);
  }

  #tick(): void {
    const { dialer } = this.connections;
    dialer.hurry = this.requests.waitingPieces > 0 || this.connections.peers.size === 0;
    this.connections.tick();
    if (this.keeper.tick() || ++this.#ticks % TICKS_PER_PLAN === 0) this.requests.plan();
    this.#settle();
    this.bootTrace.tick();
    this.#exchangePeers();
  }

  #onTrace(): void {
    this.#ahead.follow(this.bootTrace.pieces);
    this.#membership.bootKnown();
    this.#onNews();
  }

  /** While the store shrinks. */
  #settle(): void {
    if (this.store.settle()) this.#clock.setTimeout(() => this.#settle(), 0);
  }

  #onPlaced(placement: Placement): void {
    this.keeper.place(placement);
    this.#sparing.onPlaced(placement);
    this.requests.plan();
  }

  #exchangePeers(): void {
    this.#exchanges.exchange(this.connections.peers, this.#clock.now(), this.connections.isLarge);
  }

  /** A piece that has been waited for here, and that no peer has. */
  #seeks(): number | undefined {
    return this.requests.waitedFor(SEEK_AFTER_MS, (piece) => this.availability.holders[piece] === 0);
  }

  #onOpen(peer: Peer, handshake: Handshake): void {
    this.#serving.attach(peer);
    this.#greeting.send(peer, handshake.extended);
  }

  #onClose(peer: Peer): void {
    this.availability.recount(peer, () => peer.has.clear());
    this.requests.abandon(peer);
    this.#serving.onGone(peer);
    this.bootTrace.onGone(peer);
    this.#rememberBytes(peer);
    this.keeper.touch();
    if (peer.member || peer.client !== '') this.#log.info(`${peer.address} has left`);
    if (peer.keepsInRam) this.#membership.changed();
  }

  #rememberBytes(peer: Peer): void {
    if (peer.bytesFrom === 0) return;
    const gone = this.bytesFromGone;
    const name = gone.has(peer.address) || gone.size < MAX_GONE ? peer.address : OTHERS;
    gone.set(name, (gone.get(name) ?? 0) + peer.bytesFrom);
  }
}
