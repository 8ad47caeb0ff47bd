// Messages between peers after the handshake: BEP 3, 6 (fast), 10 (extended), 52 (hashes). Pure.
//
//   u32 length of what follows | u8 kind | fields          length 0 is "keep alive"
//
//   choke 0, unchoke 1, interested 2, not interested 3, have all 14, have none 15      no fields
//   have 4, suggest 13, allowed fast 17      u32 piece
//   bitfield 5                               one bit for each piece
//   request 6, cancel 8, reject 16           u32 piece | u32 begin | u32 length
//   piece 7                                  u32 piece | u32 begin | bytes
//   port 9                                   u16
//   extended 20                              u8 extension id | payload (extension.ts)
//   hash request 21, hash reject 23          32 bytes pieces root | u32 base layer | u32 index | u32 count | u32 proof layers
//   hashes 22                                the same | 32 bytes each

import { ViverError } from '../../errors.ts';
import { Reader, Writer } from '../../wire/cursor.ts';

/** Bytes of one block, what one request asks for; real clients close the connection on more. */
export const BLOCK_BYTES = 16_384;
/** The longest block that is accepted in a request of others (BEP 3 clients of old asked up to this). */
export const MAX_REQUEST_BYTES = 131_072;
/** The longest message taken: a bitfield of 1,048,576 pieces (128 GiB of 128 KiB pieces), or a block with its head. */
export const MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 9;
/** Hashes in one answer: 512 of the layer and as many uncles as a tree may be high. */
export const MAX_HASHES = 8_192 / 16 + 64;
const HASH_BYTES = 32;

export const MessageKind = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13, // BEP 6
  haveAll: 14, // BEP 6
  haveNone: 15, // BEP 6
  reject: 16, // BEP 6
  allowedFast: 17, // BEP 6
  extended: 20, // BEP 10
  hashRequest: 21, // BEP 52
  hashes: 22, // BEP 52
  hashReject: 23, // BEP 52
} as const;

/** A block's place: piece, first byte in it, bytes. */
export interface BlockRange {
  piece: number;
  begin: number;
  length: number;
}

/** Which hashes of a file's tree: `count` hashes from `index` on, `baseLayer` layers above the leaves, with `proofLayers` ancestors. */
export interface HashRange {
  piecesRoot: Uint8Array;
  baseLayer: number;
  index: number;
  count: number;
  proofLayers: number;
}

export type Message =
  | { kind: 'keepAlive' | 'choke' | 'unchoke' | 'interested' | 'notInterested' | 'haveAll' | 'haveNone' }
  | { kind: 'have' | 'suggest' | 'allowedFast'; piece: number }
  | { kind: 'bitfield'; bits: Uint8Array }
  | ({ kind: 'request' | 'cancel' | 'reject' } & BlockRange)
  | { kind: 'piece'; piece: number; begin: number; bytes: Uint8Array }
  | { kind: 'port'; port: number }
  | { kind: 'extended'; extension: number; payload: Uint8Array }
  | ({ kind: 'hashRequest' | 'hashReject' } & HashRange)
  | ({ kind: 'hashes'; hashes: Uint8Array } & HashRange)
  /** A kind that this codec does not know: to be passed over (BEP 10 asks for that). */
  | { kind: 'unknown'; number: number };

const kindOfNumber = new Map<number, keyof typeof MessageKind>(
  Object.entries(MessageKind).map(([kind, number]) => [number, kind as keyof typeof MessageKind]),
);

/**
 * Decodes one message without its length. Byte fields are views of `body`.
 * @throws ViverError `PEER_SHORT` or `PEER_MESSAGE` when the fields do not fit the kind.
 */
export function decodeMessage(body: Uint8Array): Message {
  if (body.length === 0) return { kind: 'keepAlive' };
  const number = body[0]!;
  if (number === MessageKind.piece && body.length > 9) return decodePiece(body);
  if (number === MessageKind.request && body.length === 13) return decodeRequest(body);
  const kind = kindOfNumber.get(number);
  if (kind === undefined) return { kind: 'unknown', number };
  const reader = new Reader(body, 'PEER_SHORT');
  reader.skip(1);
  const message = decodeFields(kind, reader);
  if (reader.remaining > 0) throw invalid(kind, `${reader.remaining} bytes too many`);
  return message;
}

/** The hot path: nearly every byte of a download comes through here. */
function decodePiece(body: Uint8Array): Message {
  return { kind: 'piece', piece: readU32(body, 1), begin: readU32(body, 5), bytes: body.subarray(9) };
}

function decodeRequest(body: Uint8Array): Message {
  return { kind: 'request', piece: readU32(body, 1), begin: readU32(body, 5), length: readU32(body, 9) };
}

function decodeFields(kind: keyof typeof MessageKind, reader: Reader): Message {
  switch (kind) {
    case 'have':
    case 'suggest':
    case 'allowedFast':
      return { kind, piece: reader.u32() };
    case 'bitfield':
      return { kind, bits: reader.take(reader.remaining) };
    case 'request':
    case 'cancel':
    case 'reject':
      return { kind, ...decodeRange(reader) };
    case 'piece':
      throw invalid(kind, 'no bytes');
    case 'port':
      return { kind, port: reader.u16() };
    case 'extended':
      return { kind, extension: reader.u8(), payload: reader.take(reader.remaining) };
    case 'hashRequest':
    case 'hashReject':
      return { kind, ...decodeHashRange(reader) };
    case 'hashes':
      return { kind, ...decodeHashRange(reader), hashes: takeHashes(reader) };
    default:
      return { kind };
  }
}

/** The fields of request, cancel and reject; also those of our urgent request (extension.ts). */
export function decodeRange(reader: Reader): BlockRange {
  return { piece: reader.u32(), begin: reader.u32(), length: reader.u32() };
}

function decodeHashRange(reader: Reader): HashRange {
  return {
    piecesRoot: reader.take(HASH_BYTES),
    baseLayer: reader.u32(),
    index: reader.u32(),
    count: reader.u32(),
    proofLayers: reader.u32(),
  };
}

function takeHashes(reader: Reader): Uint8Array {
  const bytes = reader.remaining;
  if (bytes % HASH_BYTES !== 0 || bytes / HASH_BYTES > MAX_HASHES) throw invalid('hashes', `${bytes} bytes of hashes`);
  return reader.take(bytes);
}

/** One message with its length, ready to be sent. */
export function encodeMessage(message: Exclude<Message, { kind: 'unknown' }>): Uint8Array {
  if (message.kind === 'keepAlive') return new Uint8Array(4);
  if (message.kind === 'piece') return encodePiece(message.piece, message.begin, message.bytes);
  if (message.kind === 'request') return encodeRequest(message);
  const writer = new Writer(64).u32(0).u8(MessageKind[message.kind]);
  encodeFields(message, writer);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, bytes.length - 4);
  return bytes;
}

function encodeFields(message: Exclude<Message, { kind: 'unknown' | 'keepAlive' | 'piece' }>, writer: Writer): void {
  switch (message.kind) {
    case 'have':
    case 'suggest':
    case 'allowedFast':
      writer.u32(message.piece);
      return;
    case 'bitfield':
      writer.bytes(message.bits);
      return;
    case 'request':
    case 'cancel':
    case 'reject':
      encodeRange(message, writer);
      return;
    case 'port':
      writer.u16(message.port);
      return;
    case 'extended':
      writer.u8(message.extension).bytes(message.payload);
      return;
    case 'hashRequest':
    case 'hashReject':
      encodeHashRange(message, writer);
      return;
    case 'hashes':
      encodeHashRange(message, writer);
      writer.bytes(message.hashes);
  }
}

export function encodeRange(range: BlockRange, writer: Writer): Writer {
  return writer.u32(range.piece).u32(range.begin).u32(range.length);
}

function encodeHashRange(range: HashRange, writer: Writer): void {
  writer.bytes(range.piecesRoot).u32(range.baseLayer).u32(range.index).u32(range.count).u32(range.proofLayers);
}

/** Bytes of a `piece` message before the block. */
export const PIECE_HEAD_BYTES = 13;

function encodePiece(piece: number, begin: number, block: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PIECE_HEAD_BYTES + block.length);
  writePiece(bytes, piece, begin, block);
  return bytes;
}

/** Writes a `piece` message into memory of exactly its length: a copy, so that the block's own memory may be used again before it is sent. */
export function writePiece(bytes: Uint8Array, piece: number, begin: number, block: Uint8Array): void {
  writePieceHead(bytes, piece, begin, block.length);
  bytes.set(block, PIECE_HEAD_BYTES);
}

/** What stands before a block of `length` bytes in a `piece` message. */
export function writePieceHead(bytes: Uint8Array, piece: number, begin: number, length: number): void {
  writeU32(bytes, 0, 9 + length);
  bytes[4] = MessageKind.piece;
  writeU32(bytes, 5, piece);
  writeU32(bytes, 9, begin);
}

/** A `request` message, by the shortest way: there is one for each block. */
export function encodeRequest({ piece, begin, length }: BlockRange): Uint8Array {
  const bytes = Buffer.allocUnsafe(17);
  writeU32(bytes, 0, 13);
  bytes[4] = MessageKind.request;
  writeU32(bytes, 5, piece);
  writeU32(bytes, 9, begin);
  writeU32(bytes, 13, length);
  return bytes;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** One line for a log. */
export function formatMessage(message: Message): string {
  switch (message.kind) {
    case 'have':
    case 'suggest':
    case 'allowedFast':
      return `${message.kind} ${message.piece}`;
    case 'request':
    case 'cancel':
    case 'reject':
      return `${message.kind} piece ${message.piece} at ${message.begin}, ${message.length} bytes`;
    case 'piece':
      return `piece ${message.piece} at ${message.begin}, ${message.bytes.length} bytes`;
    case 'bitfield':
      return `bitfield of ${message.bits.length} bytes`;
    case 'port':
      return `port ${message.port}`;
    case 'extended':
      return `extended ${message.extension}, ${message.payload.length} bytes`;
    case 'hashRequest':
    case 'hashReject':
    case 'hashes':
      return `${message.kind} layer ${message.baseLayer} from ${message.index}, ${message.count} hashes, ${message.proofLayers} proof layers`;
    case 'unknown':
      return `unknown message ${message.number}`;
    default:
      return message.kind;
  }
}

function invalid(kind: string, what: string): ViverError {
  return new ViverError('PEER_MESSAGE', `peer: ${kind}: ${what}`);
}
