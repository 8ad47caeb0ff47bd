// What rides on BEP 10: the extended handshake with our own key, metadata exchange (BEP 9), peer exchange (BEP 11), dont-have (BEP 54), and
// our own: the urgent request and the boot trace (its payload: boot-trace.ts). Pure: bencoded payloads to values and back.
//
// Our key in the extended handshake: `viver` = { id, share (bytes), kind ('ram' or 'medium'), trace (bytes, when it has a boot trace) }. Who sends it is one of our nodes, is
// never choked, and counts in placement. `p` is the port it listens on, as in BEP 10.

import { ViverError } from '../../errors.ts';
import { Reader, Writer } from '../../wire/cursor.ts';
import { type BencodeValue, bencodeEnd, decodeBencode, encodeBencode } from '../bencode.ts';
import { MAX_TRACE_BYTES } from '../boot-trace.ts';
import { compactAddresses, expandAddresses } from './compact-addresses.ts';
import { type BlockRange, decodeRange, encodeRange } from './messages.ts';

/** Extension messages that we understand, and the number under which a peer is to send each to us. */
export const OwnExtension = {
  ut_metadata: 1,
  ut_pex: 2,
  lt_donthave: 3,
  viver_urgent: 4,
  viver_trace: 5,
  viver_later: 6,
} as const;
export type ExtensionName = keyof typeof OwnExtension;
const EXTENDED_HANDSHAKE = 0;

export { EXTENDED_HANDSHAKE };

/** The longest info dictionary fetched from a peer: 28 bytes for each of 600,000 pieces. */
export const MAX_METADATA_BYTES = 16_777_216;
/** Bytes of one part of the metadata (BEP 9). */
export const METADATA_PART_BYTES = 16_384;
/** Addresses read from one exchange message; BEP 11 says 50, some clients send more. */
export const MAX_EXCHANGED_ADDRESSES = 200;
const MAX_MEMBER_ID_CHARACTERS = 64;
/** Of a client's name: it goes into logs and tables. */
const MAX_CLIENT_CHARACTERS = 64;
/** Of pieces, of connections. */
const MAX_COUNT = 0xffff_ffff;
const loose = { anyKeyOrder: true } as const;

/** What one of our nodes says of itself. */
export interface MemberHello {
  /** The same for the whole life of the process. */
  id: string;
  shareBytes: number;
  /** `medium`: it serves from its own boot medium, which may be pulled; not counted as a holder in RAM. */
  kind: 'medium' | 'ram';
  /** Length of the image's boot trace, which it gives when asked; left out when it has none. */
  traceBytes?: number;
  /** Connections that it has; left out when it does not say. */
  connections?: number;
  /** A piece that it waits for and that none of its peers has. */
  seeks?: number;
  /** It has no room for this connection: addresses of others follow, then it ends. */
  full?: boolean;
}

export interface ExtendedHandshake {
  /** The peer's numbers for the extensions that it understands. */
  extensions: Partial<Record<ExtensionName, number>>;
  /** Port that it listens on. */
  port?: number;
  /** Bytes of the info dictionary, when it has it. */
  metadataBytes?: number;
  /** Requests that it queues. */
  requestQueue?: number;
  client?: string;
  member?: MemberHello;
}

export function encodeExtendedHandshake(handshake: ExtendedHandshake): Uint8Array {
  const { member } = handshake;
  const value: Record<string, BencodeValue> = { m: { ...handshake.extensions } as Record<string, number> };
  if (handshake.metadataBytes !== undefined) value.metadata_size = handshake.metadataBytes;
  if (handshake.port !== undefined) value.p = handshake.port;
  if (handshake.requestQueue !== undefined) value.reqq = handshake.requestQueue;
  if (handshake.client !== undefined) value.v = handshake.client;
  if (member) value.viver = encodeMember(member);
  return encodeBencode(value);
}

function encodeMember(member: MemberHello): BencodeValue {
  const value: Record<string, BencodeValue> = { id: member.id, kind: member.kind, share: member.shareBytes };
  if (member.traceBytes !== undefined) value.trace = member.traceBytes;
  if (member.connections !== undefined) value.peers = member.connections;
  if (member.seeks !== undefined) value.seeks = member.seeks;
  if (member.full) value.full = 1;
  return value;
}

/** Fields of a wrong type are left out, as they are no part of what was agreed on. @throws ViverError when it is no bencode. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const fields = dictionary(decodeBencode(payload, loose));
  const member = decodeMember(fields.viver);
  return {
    extensions: decodeExtensions(fields.m),
    ...optional('port', count(fields.p, 65_535)),
    ...optional('metadataBytes', count(fields.metadata_size, MAX_METADATA_BYTES)),
    ...optional('requestQueue', count(fields.reqq, 100_000)),
    ...optional('client', clientOf(fields.v)),
    ...optional('member', member),
  };
}

function decodeExtensions(value: BencodeValue | undefined): ExtendedHandshake['extensions'] {
  const numbers = isDictionary(value) ? value : {};
  const extensions: ExtendedHandshake['extensions'] = {};
  for (const name of Object.keys(OwnExtension) as ExtensionName[]) {
    const number = count(numbers[name], 255);
    if (number !== undefined && number > 0) extensions[name] = number;
  }
  return extensions;
}

function decodeMember(value: BencodeValue | undefined): MemberHello | undefined {
  if (!isDictionary(value)) return undefined;
  const id = text(value.id);
  const kind = text(value.kind);
  const shareBytes = count(value.share, Number.MAX_SAFE_INTEGER);
  if (!id || id.length > MAX_MEMBER_ID_CHARACTERS || shareBytes === undefined) return undefined;
  if (kind !== 'medium' && kind !== 'ram') return undefined;
  return {
    id,
    kind,
    shareBytes,
    ...optional('traceBytes', count(value.trace, MAX_TRACE_BYTES)),
    ...optional('connections', count(value.peers, MAX_COUNT)),
    ...optional('seeks', count(value.seeks, MAX_COUNT)),
    ...(value.full === 1 ? { full: true } : {}),
  };
}

/** A message of ut_metadata (BEP 9). */
export type MetadataMessage =
  | { kind: 'request' | 'reject'; part: number }
  | { kind: 'data'; part: number; totalBytes: number; bytes: Uint8Array };
const metadataKinds = ['request', 'data', 'reject'] as const;

export function encodeMetadataMessage(message: MetadataMessage): Uint8Array {
  const head: Record<string, number> = { msg_type: metadataKinds.indexOf(message.kind), piece: message.part };
  if (message.kind === 'data') head.total_size = message.totalBytes;
  const bytes = encodeBencode(head);
  return message.kind === 'data' ? new Writer(64).bytes(bytes).bytes(message.bytes).finish() : bytes;
}

/** @throws ViverError `PEER_METADATA` or a bencode error. */
export function decodeMetadataMessage(payload: Uint8Array): MetadataMessage {
  const end = bencodeEnd(payload, 0, loose);
  const head = dictionary(decodeBencode(payload.subarray(0, end), loose));
  const kind = metadataKinds[count(head.msg_type, 2) ?? -1];
  const part = count(head.piece, MAX_METADATA_BYTES / METADATA_PART_BYTES);
  if (!kind || part === undefined)
    throw new ViverError('PEER_METADATA', 'peer: a metadata message without type or part');
  if (kind !== 'data') return { kind, part };
  const bytes = payload.subarray(end);
  if (bytes.length > METADATA_PART_BYTES) {
    throw new ViverError('PEER_METADATA', `peer: a metadata part of ${bytes.length} bytes`);
  }
  return { kind, part, totalBytes: count(head.total_size, MAX_METADATA_BYTES) ?? 0, bytes };
}

/** What a BEP 11 message says. */
export interface PeerExchange {
  /** `host:port`. */
  readonly added: readonly string[];
  readonly dropped: readonly string[];
}

/** Addresses (`host:port`) as BEP 11 carries them: 4 or 16 bytes and a port. Names that are no numbers are left out. */
export function encodePeerExchange(added: readonly string[], dropped: readonly string[] = []): Uint8Array {
  const here = compactAddresses(added);
  const gone = compactAddresses(dropped);
  return encodeBencode({
    added: here.four,
    'added.f': new Uint8Array(here.four.length / 6),
    added6: here.six,
    'added6.f': new Uint8Array(here.six.length / 18),
    dropped: gone.four,
    dropped6: gone.six,
  });
}

/** @throws ViverError when it is no bencode. */
export function decodePeerExchange(payload: Uint8Array): PeerExchange {
  const fields = dictionary(decodeBencode(payload, loose));
  const added = [...addressesOf(fields.added, 4), ...addressesOf(fields.added6, 16)];
  const dropped = [...addressesOf(fields.dropped, 4), ...addressesOf(fields.dropped6, 16)];
  return { added: added.slice(0, MAX_EXCHANGED_ADDRESSES), dropped: dropped.slice(0, MAX_EXCHANGED_ADDRESSES) };
}

function addressesOf(value: BencodeValue | undefined, hostBytes: 4 | 16): string[] {
  return value instanceof Uint8Array ? expandAddresses(value, hostBytes) : [];
}

/** BEP 54: the peer has dropped a piece. */
export function encodeDontHave(piece: number): Uint8Array {
  return new Writer(4).u32(piece).finish();
}

/** @throws ViverError `PEER_SHORT`. */
export function decodeDontHave(payload: Uint8Array): number {
  return new Reader(payload, 'PEER_SHORT').u32();
}

/** Our `viver_urgent`: a request (BEP 3) that somebody waits for now; it goes before all others in the sender's queue. */
export function encodeUrgent(range: BlockRange): Uint8Array {
  return encodeRange(range, new Writer(12)).finish();
}

/** @throws ViverError `PEER_SHORT`. */
export function decodeUrgent(payload: Uint8Array): BlockRange {
  return decodeRange(new Reader(payload, 'PEER_SHORT'));
}

/** Our `viver_later`: the piece is just being given to another member, which will announce it. */
export function encodeLater(piece: number): Uint8Array {
  return new Writer(4).u32(piece).finish();
}

/** @throws ViverError `PEER_SHORT`. */
export function decodeLater(payload: Uint8Array): number {
  return new Reader(payload, 'PEER_SHORT').u32();
}

function isDictionary(value: BencodeValue | undefined): value is { [key: string]: BencodeValue } {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function dictionary(value: BencodeValue): { [key: string]: BencodeValue } {
  if (isDictionary(value)) return value;
  throw new ViverError('PEER_MESSAGE', 'peer: an extended message that is no dictionary');
}

/** An integer of 0..limit, or undefined. */
function count(value: BencodeValue | undefined, limit: number): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= limit ? value : undefined;
}

/** A name that can be shown: no control characters, not too long. */
function clientOf(value: BencodeValue | undefined): string | undefined {
  return text(value)?.replace(/\p{C}/gu, '').slice(0, MAX_CLIENT_CHARACTERS);
}

function text(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}
