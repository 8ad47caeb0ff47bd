// A DHCP message: RFC 2131 2 for the fields, RFC 951 for the 300 bytes that every reply has at least. Pure.
//
//    0 op u8 | htype u8 | hlen u8 | hops u8      12 ciaddr  16 yiaddr  20 siaddr  24 giaddr    (address each)
//    4 xid u32                                   28 chaddr 16 bytes     44 sname 64     108 file 128
//    8 secs u16 | flags u16                     236 magic cookie u32   240 options ... END
//
// The header is read and written by the `dhcp` package's codec behind our own checks; options by options.ts.

import protocol from 'dhcp/lib/protocol.js';
import { ViverError } from '../../errors.ts';
import { Writer } from '../../wire/cursor.ts';
import { ANY_ADDRESS } from './ipv4.ts';
import { architectureName, DhcpOption, messageTypeName, optionName } from './option-codes.ts';
import {
  type DhcpOptions,
  decodeOptions,
  numberOption,
  numbersOption,
  optionFieldBytes,
  writeOption,
} from './options.ts';

export interface DhcpPacket {
  /** BootpOp. */
  readonly op: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  /** The client cannot receive unicast before it has an address (RFC 2131 4.1). */
  readonly broadcast: boolean;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** The client's Ethernet address, `52:54:00:12:34:56`. */
  readonly mac: string;
  readonly sname: string;
  readonly file: string;
  readonly options: DhcpOptions;
}

const HEADER_BYTES = 240;
const SNAME_OFFSET = 44;
const FILE_OFFSET = 108;
const COOKIE_OFFSET = 236;
const MAGIC_COOKIE = 0x63825363;
const BROADCAST_FLAG = 0x8000;
const ETHERNET = 1;
const ETHERNET_ADDRESS_BYTES = 6;
/** A reply shorter than a BOOTP message is dropped by old ROMs. */
export const MIN_REPLY_BYTES = 300;
/** No client sends more: an Ethernet frame holds 1472 bytes, jumbo frames are not used before an address is known. */
export const MAX_PACKET_BYTES = 4096;
const OVERLOAD_FILE = 1;
const OVERLOAD_SNAME = 2;

/** An empty message, for makers of replies and of tests. */
export const EMPTY_PACKET: DhcpPacket = {
  op: 1,
  hops: 0,
  xid: 0,
  secs: 0,
  broadcast: false,
  ciaddr: ANY_ADDRESS,
  yiaddr: ANY_ADDRESS,
  siaddr: ANY_ADDRESS,
  giaddr: ANY_ADDRESS,
  mac: '00:00:00:00:00:00',
  sname: '',
  file: '',
  options: new Map(),
};

/**
 * Reads one UDP payload.
 * @throws ViverError DHCP_SHORT, DHCP_TOO_LONG, DHCP_BAD_MAGIC, DHCP_BAD_HARDWARE, DHCP_OPTION_TOO_LONG
 */
export function decodePacket(bytes: Uint8Array): DhcpPacket {
  checkHeader(bytes);
  const header = protocol.parse(Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES));
  const { options, overload } = decodeAllOptions(bytes);
  return {
    op: header.op,
    hops: header.hops,
    xid: header.xid,
    secs: header.secs,
    broadcast: (header.flags & BROADCAST_FLAG) !== 0,
    ciaddr: header.ciaddr,
    yiaddr: header.yiaddr,
    siaddr: header.siaddr,
    giaddr: header.giaddr,
    mac: header.chaddr.toLowerCase().replaceAll('-', ':'),
    sname: overload & OVERLOAD_SNAME ? '' : header.sname,
    file: overload & OVERLOAD_FILE ? '' : header.file,
    options,
  };
}

function checkHeader(bytes: Uint8Array): void {
  const details = { length: bytes.length };
  if (bytes.length < HEADER_BYTES) {
    throw new ViverError('DHCP_SHORT', `DHCP: ${bytes.length} bytes are no message`, { details });
  }
  if (bytes.length > MAX_PACKET_BYTES) {
    throw new ViverError('DHCP_TOO_LONG', `DHCP: ${bytes.length} bytes are too many`, { details });
  }
  const cookie = new DataView(bytes.buffer, bytes.byteOffset).getUint32(COOKIE_OFFSET);
  if (cookie !== MAGIC_COOKIE) throw new ViverError('DHCP_BAD_MAGIC', `DHCP: magic cookie is ${cookie.toString(16)}`);
  if (bytes[1] !== ETHERNET || bytes[2] !== ETHERNET_ADDRESS_BYTES) {
    throw new ViverError('DHCP_BAD_HARDWARE', `DHCP: hardware type ${bytes[1]} with ${bytes[2]} bytes is not Ethernet`);
  }
}

/** RFC 2131 4.1: the options field says whether file and sname hold more options. */
function decodeAllOptions(bytes: Uint8Array): { options: DhcpOptions; overload: number } {
  const main = bytes.subarray(HEADER_BYTES);
  const options = decodeOptions([main]);
  const overload = numberOption(options, DhcpOption.overload) ?? 0;
  if (overload === 0) return { options, overload };
  const fields = [main];
  if (overload & OVERLOAD_FILE) fields.push(bytes.subarray(FILE_OFFSET, COOKIE_OFFSET));
  if (overload & OVERLOAD_SNAME) fields.push(bytes.subarray(SNAME_OFFSET, FILE_OFFSET));
  const all = decodeOptions(fields);
  // It describes the packing, which is undone now.
  all.delete(DhcpOption.overload);
  return { options: all, overload };
}

/**
 * Makes the bytes of a message, padded to 300. Options come in a fixed order: message type, server, the rest by code, relay
 * information last (RFC 3046 2.1), so that equal messages are equal bytes.
 */
export function encodePacket(packet: DhcpPacket): Uint8Array {
  const writer = new Writer(576);
  writer.bytes(encodeHeader(packet));
  for (const code of optionOrder(packet.options)) writeOption(writer, code, packet.options.get(code)!);
  writer.u8(255);
  if (writer.length < MIN_REPLY_BYTES) writer.zeros(MIN_REPLY_BYTES - writer.length);
  return writer.finish();
}

function encodeHeader(packet: DhcpPacket): Uint8Array {
  const { op, hops, xid, secs, ciaddr, yiaddr, siaddr, giaddr, sname, file } = packet;
  const flags = packet.broadcast ? BROADCAST_FLAG : 0;
  const hardware = { htype: ETHERNET, hlen: ETHERNET_ADDRESS_BYTES, chaddr: packet.mac };
  const fields = { op, ...hardware, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, sname, file };
  return protocol.format({ ...fields, options: {} })._data.subarray(0, HEADER_BYTES);
}

function optionOrder(options: DhcpOptions): number[] {
  const rank = (code: number) => {
    if (code === DhcpOption.messageType) return -2;
    if (code === DhcpOption.serverIdentifier) return -1;
    return code === DhcpOption.relayAgentInformation ? 256 : code;
  };
  return [...options.keys()].sort((a, b) => rank(a) - rank(b));
}

/** Bytes that encodePacket() makes, without making them. */
export function packetBytes(packet: DhcpPacket): number {
  let bytes = HEADER_BYTES + 1;
  for (const value of packet.options.values()) bytes += optionFieldBytes(value);
  return Math.max(bytes, MIN_REPLY_BYTES);
}

/** The message type (option 53), or undefined for plain BOOTP. */
export function messageTypeOf(packet: DhcpPacket): number | undefined {
  return numberOption(packet.options, DhcpOption.messageType);
}

/** One line for logs and golden files. */
export function formatPacket(packet: DhcpPacket): string {
  const type = messageTypeOf(packet);
  const words = [type === undefined ? 'bootp' : messageTypeName(type), packet.mac, `xid=${packet.xid.toString(16)}`];
  for (const name of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const) {
    if (packet[name] !== ANY_ADDRESS) words.push(`${name}=${packet[name]}`);
  }
  if (packet.broadcast) words.push('broadcast');
  if (packet.sname) words.push(`sname=${packet.sname}`);
  if (packet.file) words.push(`file=${packet.file}`);
  const architecture = numbersOption(packet.options, DhcpOption.clientArchitecture)?.[0];
  if (architecture !== undefined) words.push(architectureName(architecture));
  words.push(`options=${[...packet.options.keys()].map(optionName).join(',')}`);
  return words.join(' ');
}
