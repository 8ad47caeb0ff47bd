// One connected peer as the swarm sees it: what it has, what it is, what is under way between us. Plain state with the few rules that
// belong to one peer alone; decisions over several peers are the swarm's.

import type { Attempt } from '../attempt.ts';
import { BitSet } from '../bitset.ts';
import { seedOf } from '../placement.ts';
import { BackgroundWindow } from './background-window.ts';
import {
  EXTENDED_HANDSHAKE,
  type ExtendedHandshake,
  type ExtensionName,
  encodeExtendedHandshake,
  encodeUrgent,
  type MemberHello,
} from './extension.ts';
import type { Handshake } from './handshake.ts';
import { BLOCK_BYTES, type BlockRange } from './messages.ts';
import { Rating } from './rating.ts';
import type { Uploads } from './uploads.ts';
import { MEMBER_SILENCE_MS, type PeerWire } from './wire.ts';

/** Addresses kept that led to one peer. */
const MAX_ALIASES = 16;

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
  /** It has told its port. */
  saidPort = false;
  /** It has told all that it has: bitfield, have all or have none. */
  saidWhole = false;
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
  readonly window = new BackgroundWindow();
  readonly rating = new Rating();
  /** Of the id, for spreading pieces over peers that are alike. */
  readonly seed: number;
  /** Pieces that it announced and then refused, since the last that it gave. */
  refused = 0;
  /** Pieces that it let somebody wait for, since the last that it gave. */
  stalls = 0;
  /** Until then it is asked only where nobody else can be. */
  slowUntil = 0;
  bytesFrom = 0;
  bytesTo = 0;
  /** Addresses that we have told it. */
  readonly told = new Set<string>();
  toldAt = Number.NEGATIVE_INFINITY;
  /** Up to which state of our addresses it has been told all (peer-exchange.ts). */
  toldVersion = 0;
  /** On the field's clock. */
  openedAt = 0;
  /** It has no room for us, and names others. */
  isFull = false;

  constructor(wire: PeerWire, handshake: Handshake, pieceCount: number) {
    this.wire = wire;
    this.id = handshake.peerId.toHex();
    this.infoHash = handshake.infoHash;
    this.seed = seedOf(this.id);
    this.fast = handshake.fast;
    this.has = new BitSet(pieceCount);
  }

  /** What to call it in a log or a table. */
  get address(): string {
    return this.dialAddress ?? this.wire.remoteAddress;
  }

  /** Bytes of urgent requests that are not answered. */
  get urgentBytesInFlight(): number {
    return this.urgentInFlight * BLOCK_BYTES;
  }

  /** A RAM holder of ours: counts in placement and in the number of copies. */
  get keepsInRam(): boolean {
    return this.member?.kind === 'ram';
  }

  addAlias(address: string): void {
    if (address !== this.dialAddress && this.aliases.size < MAX_ALIASES) this.aliases.add(address);
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
