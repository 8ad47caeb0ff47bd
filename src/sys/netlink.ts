// Generic netlink messages (linux/netlink.h, linux/genetlink.h), as bytes. Pure. Host byte order, which is little-endian on all
// machines that Viver runs on; everything is padded to four bytes.
//
//   nlmsghdr: length u32 | type u16 | flags u16 | sequence u32 | port u32       genlmsghdr: command u8 | version u8 | 0 u16
//   attribute: length u16 (with these four bytes) | type u16 | value | padding

import { ViverError } from '../errors.ts';
import { Reader } from '../wire/cursor.ts';

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLMSG_ERROR = 2;
const HEADER_BYTES = 16;
const GENERIC_HEADER_BYTES = 4;
const ATTRIBUTE_TYPE_MASK = 0x3fff;

export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export function u32Attribute(type: number, value: number): Attribute {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return { type, value: bytes };
}

export function u64Attribute(type: number, value: bigint): Attribute {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return { type, value: bytes };
}

export function textAttribute(type: number, value: string): Attribute {
  return { type, value: new TextEncoder().encode(`${value}\0`) };
}

/** An attribute that holds attributes; NLA_F_NESTED is set, as strict kernels want. */
export function nestedAttribute(type: number, inner: readonly Attribute[]): Attribute {
  return { type: type | 0x8000, value: encodeAttributes(inner) };
}

/** A request that wants an acknowledgement. */
export function encodeGenericRequest(
  family: number,
  command: number,
  sequence: number,
  attributes: readonly Attribute[],
): Uint8Array {
  const body = encodeAttributes(attributes);
  const bytes = new Uint8Array(HEADER_BYTES + GENERIC_HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, family, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_ACK, true);
  view.setUint32(8, sequence, true);
  view.setUint8(HEADER_BYTES, command);
  view.setUint8(HEADER_BYTES + 1, 1);
  bytes.set(body, HEADER_BYTES + GENERIC_HEADER_BYTES);
  return bytes;
}

export type NetlinkAnswer =
  /** An acknowledgement: 0 or a positive errno. */
  { readonly kind: 'status'; readonly errno: number } | { readonly kind: 'data'; readonly attributes: Attribute[] };

/** The first message of what a generic netlink socket received. */
export function decodeGenericAnswer(bytes: Uint8Array): NetlinkAnswer {
  const reader = new Reader(bytes, 'NETLINK_SHORT');
  const length = reader.u32le();
  const type = reader.u16le();
  reader.skip(10);
  if (length < HEADER_BYTES + GENERIC_HEADER_BYTES || length > bytes.length) {
    throw new ViverError('NETLINK_BAD_LENGTH', `netlink message says ${length} bytes, ${bytes.length} came`);
  }
  if (type === NLMSG_ERROR) return { kind: 'status', errno: -(reader.u32le() | 0) };
  return { kind: 'data', attributes: decodeAttributes(bytes.subarray(HEADER_BYTES + GENERIC_HEADER_BYTES, length)) };
}

export function decodeAttributes(bytes: Uint8Array): Attribute[] {
  const reader = new Reader(bytes, 'NETLINK_SHORT');
  const attributes: Attribute[] = [];
  while (reader.remaining >= 4) {
    const length = reader.u16le();
    const type = reader.u16le() & ATTRIBUTE_TYPE_MASK;
    if (length < 4) throw new ViverError('NETLINK_BAD_ATTRIBUTE', `netlink attribute of ${length} bytes`);
    attributes.push({ type, value: reader.take(length - 4) });
    reader.skip(Math.min(padding(length), reader.remaining));
  }
  return attributes;
}

function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const total = attributes.reduce((sum, { value }) => sum + 4 + value.length + padding(value.length), 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { type, value } of attributes) {
    view.setUint16(offset, 4 + value.length, true);
    view.setUint16(offset + 2, type, true);
    bytes.set(value, offset + 4);
    offset += 4 + value.length + padding(value.length);
  }
  return bytes;
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
