// One connected peer as the swarm sees it: what it has, what it is, what is under way between us. Plain state with the few rules that
// belong to one peer alone; decisions over several peers are the swarm's.

import { BitSet } from '../bitset.ts';
import type { Attempt } from '../requests.ts';
import {
  EXTENDED_HANDSHAKE,
  type ExtendedHandshake,
  type ExtensionName,
  encodeExtendedHandshake,
  encodeUrgent,
  type MemberHello,
} from './extension.ts';
import type { Handshake } from './handshake.ts';
import type { BlockRange } from './messages.ts';
import type { Uploads } from './uploads.ts';
import { MEMBER_SILENCE_MS, type PeerWire } from './wire.ts';

/** First guess of how long a piece takes from one of our nodes and from others, in ms. */
const MEMBER_PIECE_MS = 4;
const FOREIGN_PIECE_MS = 60;
/** Weight of the newest measurement: an average of about five. */
const NEWEST_WEIGHT = 0.2;

export class Peer {
  readonly wire: PeerWire;
  /** Hex of the 20-byte peer id. */
  readonly id: string;
  /** The image's name in this peer's handshake, 20 bytes. */
  readonly infoHash: Uint8Array;
  readonly fast: boolean;
  readonly has: BitSet;
  uploads!: Uploads;
  /** Where it can be connected to, `host:port`; unknown for an accepted foreign client that does not tell its port. */
  dialAddress: string | undefined;
  /** Other addresses that led to the same peer. */
  readonly aliases = new Set<string>();
  member: MemberHello | undefined;
  client = '';
  extensions: ExtendedHandshake['extensions'] = {};
  /** They do not serve us. */
  chokesUs = true;
  /** We do not serve them. */
  choked = true;
  interested = false;
  /** Its pieces are counted as copies in RAM. */
  counted = false;
  /** Pieces being fetched from it. */
  readonly attempts = new Map<number, Attempt>();
  /** Requests sent and not answered, by class. */
  backgroundInFlight = 0;
  urgentInFlight = 0;
  /** Until then it is asked only where nobody else can be. */
  slowUntil = 0;
  bytesFrom = 0;
  bytesTo = 0;
  /** Addresses that we have told it. */
  readonly told = new Set<string>();
  toldAt = Number.NEGATIVE_INFINITY;
  #pieceMs: number | undefined;

  constructor(wire: PeerWire, handshake: Handshake, pieceCount: number) {
    this.wire = wire;
    this.id = handshake.peerId.toHex();
    this.infoHash = handshake.infoHash;
    this.fast = handshake.fast;
    this.has = new BitSet(pieceCount);
  }

  /** What to call it in a log or a table. */
  get address(): string {
    return this.dialAddress ?? this.wire.remoteAddress;
  }

  /** Usual time from request to whole piece, in ms. */
  get pieceMs(): number {
    return this.#pieceMs ?? (this.member ? MEMBER_PIECE_MS : FOREIGN_PIECE_MS);
  }

  /** A RAM holder of ours: counts in placement and in the number of copies. */
  get keepsInRam(): boolean {
    return this.member?.kind === 'ram';
  }

  measured(pieceMs: number): void {
    this.#pieceMs = this.#pieceMs === undefined ? pieceMs : this.#pieceMs + NEWEST_WEIGHT * (pieceMs - this.#pieceMs);
  }

  becomeMember(member: MemberHello): void {
    this.member = member;
    this.wire.silenceMs = MEMBER_SILENCE_MS;
  }

  request(range: BlockRange, urgent: boolean): void {
    const number = this.extensions.viver_urgent;
    if (urgent && number !== undefined)
      this.wire.send({ kind: 'extended', extension: number, payload: encodeUrgent(range) });
    else this.wire.send({ kind: 'request', ...range });
  }

  /** Sends a message of BEP 10. @returns false when the peer does not know the extension. */
  extend(name: ExtensionName, payload: Uint8Array): boolean {
    const extension = this.extensions[name];
    if (extension === undefined) return false;
    this.wire.send({ kind: 'extended', extension, payload });
    return true;
  }

  greet(handshake: ExtendedHandshake): void {
    const payload = encodeExtendedHandshake(handshake);
    this.wire.send({ kind: 'extended', extension: EXTENDED_HANDSHAKE, payload });
  }
}
