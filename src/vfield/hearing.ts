// What peers say, message by message, turned into facts: who has what, who they are, what they want, what they bring. A malformed payload throws
// ViverError, which ends that connection (peer/wire.ts) and nothing else.

import type { Log } from '../log.ts';
import type { Availability } from './availability.ts';
import type { Dialer } from './dialer.ts';
import type { MetadataService } from './metadata-service.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodeLater,
  decodePeerExchange,
  decodeUrgent,
  EXTENDED_HANDSHAKE,
  type ExtendedHandshake,
  type MemberHello,
  OwnExtension,
  type PeerExchange,
} from './peer/extension.ts';
import type { Message } from './peer/messages.ts';
import type { Peer } from './peer/peer.ts';
import type { Requests } from './requests.ts';
import type { Serving } from './serving.ts';
import type { TraceExchange } from './trace-exchange.ts';
import { formatAddress, parseAddress } from './transport.ts';

export interface HearingOptions {
  readonly log: Log;
  readonly availability: Availability;
  readonly dialer: Dialer;
  /** Nobody who listens there is spoken to now. */
  isBanned(address: string): boolean;
  readonly requests: Requests;
  readonly serving: Serving;
  readonly metadata: MetadataService;
  readonly bootTrace: TraceExchange;
  /** A peer is, or has changed as, one of our nodes. */
  onMember(): void;
  /** A peer has one piece more. */
  onHave(peer: Peer, piece: number): void;
  /** Somebody has more or fewer pieces. */
  onNews(): void;
}

type Handlers = {
  readonly [Kind in Message['kind']]?: (
    hearing: Hearing,
    peer: Peer,
    message: Extract<Message, { kind: Kind }>,
  ) => void;
};

const handlers: Handlers = {
  piece: ({ options }, peer, { piece, begin, bytes }) => {
    peer.bytesFrom += bytes.length;
    options.requests.onBlock(peer, piece, begin, bytes);
  },
  request: ({ options }, peer, range) => options.serving.onRequest(peer, range, false),
  cancel: ({ options }, peer, range) => options.serving.onCancel(peer, range),
  reject: ({ options }, peer, { piece }) => options.requests.onReject(peer, piece),
  have: (hearing, peer, { piece }) => hearing.onHave(peer, piece),
  bitfield: (hearing, peer, { bits }) => {
    if (bits.length === peer.has.bytes.length) hearing.onWhole(peer, () => peer.has.load(bits));
    else peer.wire.nonsense(`a bitfield of ${bits.length} bytes for ${peer.has.size} pieces`);
  },
  haveAll: (hearing, peer) => hearing.onWhole(peer, () => peer.has.fill()),
  haveNone: (hearing, peer) => hearing.onWhole(peer, () => peer.has.clear()),
  choke: ({ options }, peer) => {
    peer.chokesUs = true;
    options.requests.abandon(peer);
  },
  unchoke: ({ options }, peer) => {
    peer.chokesUs = false;
    options.requests.plan();
  },
  interested: ({ options }, peer) => options.serving.onInterested(peer),
  notInterested: (_, peer) => {
    peer.interested = false;
  },
  hashRequest: ({ options }, peer, range) => options.metadata.onHashRequest(peer, range),
  extended: (hearing, peer, { extension, payload }) => hearing.onExtended(peer, extension, payload),
};

export class Hearing {
  readonly options: HearingOptions;

  constructor(options: HearingOptions) {
    this.options = options;
  }

  /** @throws ViverError for a payload that cannot be read. */
  hear(peer: Peer, message: Message): void {
    const handler = handlers[message.kind] as ((hearing: Hearing, peer: Peer, message: Message) => void) | undefined;
    handler?.(this, peer, message);
  }

  onHave(peer: Peer, piece: number): void {
    if (!peer.has.add(piece)) return;
    this.options.availability.change(peer, piece, 1);
    this.options.onHave(peer, piece);
  }

  /** All that the peer has. It is said once (BEP 3, 6), or again with more by aria2 (docs/quirks.md): each time costs a look at every piece. */
  onWhole(peer: Peer, edit: () => void): void {
    const before = peer.has.count;
    this.options.availability.recount(peer, edit);
    if (peer.saidWhole && peer.has.count <= before) peer.wire.close('says a second time all that it has');
    peer.saidWhole = true;
    this.options.onNews();
  }

  onExtended(peer: Peer, extension: number, payload: Uint8Array): void {
    const { metadata, serving, requests, bootTrace } = this.options;
    if (extension === EXTENDED_HANDSHAKE) this.#onHello(peer, decodeExtendedHandshake(payload));
    else if (extension === OwnExtension.ut_metadata) metadata.onMetadata(peer, payload);
    else if (extension === OwnExtension.ut_pex) this.#onAddresses(peer, decodePeerExchange(payload));
    else if (extension === OwnExtension.lt_donthave) this.#onDontHave(peer, decodeDontHave(payload));
    else if (extension === OwnExtension.viver_urgent) serving.onRequest(peer, decodeUrgent(payload), true);
    else if (extension === OwnExtension.viver_later) requests.onLater(peer, decodeLater(payload));
    else if (extension === OwnExtension.viver_trace) bootTrace.onMessage(peer, payload);
  }

  #onAddresses(peer: Peer, { added, dropped }: PeerExchange): void {
    const { dialer } = this.options;
    for (const address of added) dialer.add(address);
    for (const address of dropped) dialer.doubt(address);
    if (peer.isFull) peer.wire.close('it has no room, and named others');
    dialer.tick();
  }

  #onDontHave(peer: Peer, piece: number): void {
    if (!peer.has.delete(piece)) return;
    this.options.availability.change(peer, piece, -1);
    this.options.onNews();
  }

  #onHello(peer: Peer, hello: ExtendedHandshake): void {
    peer.extensions = { ...peer.extensions, ...hello.extensions };
    const isNew = !peer.client && hello.client;
    peer.client = hello.client ?? peer.client;
    if (hello.port && !this.#learnPort(peer, hello.port)) return;
    peer.isFull = hello.member?.full === true;
    if (peer.isFull) return;
    // The id in the hello must be the peer's own: nobody speaks for another in placement.
    if (hello.member?.id === peer.id) this.#onMember(peer, hello.member);
    else if (isNew) this.options.log.info(`${peer.address} is here: ${hello.client}`);
  }

  /** A peer listens on one port: what it says later would only fill the list of addresses. @returns false for one that is banned there, whatever its id. */
  #learnPort(peer: Peer, port: number): boolean {
    const host = parseAddress(peer.wire.remoteAddress)?.host;
    if (peer.saidPort || !host) return true;
    peer.saidPort = true;
    const address = formatAddress(host, port);
    if (this.options.isBanned(address)) {
      peer.wire.close('banned by its address');
      return false;
    }
    peer.dialAddress ??= address;
    peer.addAlias(address);
    this.options.dialer.connected(address);
    return true;
  }

  #onMember(peer: Peer, member: MemberHello): void {
    const { log, availability, dialer, serving, bootTrace } = this.options;
    const gives = `gives ${Math.floor(member.shareBytes / 2 ** 20)} MiB`;
    if (!peer.member) log.info(`${peer.address} is here: ${member.kind}, ${gives}`);
    else if (peer.member.shareBytes !== member.shareBytes) log.info(`${peer.address} ${gives} now`);
    if (peer.member?.kind === member.kind) peer.becomeMember(member);
    else availability.recount(peer, () => peer.becomeMember(member));
    if (peer.dialAddress) dialer.isMember(peer.dialAddress);
    serving.onMember(peer);
    bootTrace.onMember(peer);
    this.options.onMember();
  }
}
