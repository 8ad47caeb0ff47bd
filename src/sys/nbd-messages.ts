// What Viver asks the kernel's NBD driver by generic netlink (linux/nbd-netlink.h), as bytes. Pure.

import {
  type Attribute,
  encodeGenericRequest,
  type NetlinkAnswer,
  nestedAttribute,
  textAttribute,
  u32Attribute,
  u64Attribute,
} from './netlink.ts';

const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
const NBD_CMD_CONNECT = 1;
const NBD_CMD_DISCONNECT = 2;
const NBD_CMD_RECONFIGURE = 3;
const NBD_ATTR_INDEX = 1;
const NBD_ATTR_SIZE_BYTES = 2;
const NBD_ATTR_BLOCK_SIZE_BYTES = 3;
const NBD_ATTR_SERVER_FLAGS = 5;
const NBD_ATTR_SOCKETS = 7;
const NBD_ATTR_DEAD_CONN_TIMEOUT = 8;
const NBD_SOCK_ITEM = 1;
const NBD_SOCK_FD = 1;
const BLOCK_BYTES = 4096n;
/** NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY | NBD_FLAG_CAN_MULTI_CONN. */
const READ_ONLY_EXPORT = 0x103n;
/** How long requests wait for a new connection when theirs is dead: ten years. The driver multiplies it by HZ in 64 bits. */
const DEAD_CONNECTION_SECONDS = 315_360_000n;

/** Asks for the number of the driver's netlink family. */
export function encodeFamilyRequest(): Uint8Array {
  return encodeGenericRequest(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, [textAttribute(CTRL_ATTR_FAMILY_NAME, 'nbd')]);
}

/** The number in the answer to `encodeFamilyRequest`; undefined when there is none. */
export function familyIn(answer: NetlinkAnswer): number | undefined {
  if (answer.kind !== 'data') return undefined;
  const value = answer.attributes.find(({ type }) => type === CTRL_ATTR_FAMILY_ID)?.value;
  return value && value.length >= 2 ? value[0]! | (value[1]! << 8) : undefined;
}

export interface NewDevice {
  readonly family: number;
  /** Of /dev/nbdN. */
  readonly index: number;
  readonly sizeBytes: number;
  /** Descriptor of the kernel's end. */
  readonly socket: number;
  /** Requests wait for a new connection when theirs has ended, instead of failing. */
  readonly outlives: boolean;
}

/** Makes a read-only device. There is no NBD_ATTR_TIMEOUT: with one, a late answer becomes an I/O error. */
export function encodeConnect({ family, index, sizeBytes, socket, outlives }: NewDevice): Uint8Array {
  return encodeGenericRequest(family, NBD_CMD_CONNECT, 2, [
    u32Attribute(NBD_ATTR_INDEX, index),
    u64Attribute(NBD_ATTR_SIZE_BYTES, BigInt(sizeBytes)),
    u64Attribute(NBD_ATTR_BLOCK_SIZE_BYTES, BLOCK_BYTES),
    u64Attribute(NBD_ATTR_SERVER_FLAGS, READ_ONLY_EXPORT),
    ...(outlives ? [u64Attribute(NBD_ATTR_DEAD_CONN_TIMEOUT, DEAD_CONNECTION_SECONDS)] : []),
    socketList(socket),
  ]);
}

/** Ends /dev/nbd`index`. */
export function encodeDisconnect(family: number, index: number): Uint8Array {
  return encodeGenericRequest(family, NBD_CMD_DISCONNECT, 2, [u32Attribute(NBD_ATTR_INDEX, index)]);
}

/** Puts a socket in the place of a dead one of /dev/nbd`index`. Where none is dead, the driver says yes and lets the new one go. */
export function encodeReconfigure(family: number, index: number, socket: number): Uint8Array {
  return encodeGenericRequest(family, NBD_CMD_RECONFIGURE, 2, [
    u32Attribute(NBD_ATTR_INDEX, index),
    socketList(socket),
  ]);
}

function socketList(socket: number): Attribute {
  return nestedAttribute(NBD_ATTR_SOCKETS, [nestedAttribute(NBD_SOCK_ITEM, [u32Attribute(NBD_SOCK_FD, socket)])]);
}
