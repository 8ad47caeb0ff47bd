// Attaches a socket to /dev/nbdN by generic netlink (linux/nbd-netlink.h). Netlink and not the ioctls, because NBD_DO_IT keeps a thread for
// the device's whole life. The kernel takes its own reference on the socket, so ours is closed after the call.
// No timeout is ever set: with one, a late answer becomes an I/O error and the root is dead; without, the read waits.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { ViverError } from '../errors.ts';
import { closeDescriptor, exchange, netlinkSocket, receive, socketPair } from './libc.ts';
import {
  type Attribute,
  decodeGenericAnswer,
  encodeGenericRequest,
  type NetlinkAnswer,
  nestedAttribute,
  textAttribute,
  u32Attribute,
  u64Attribute,
} from './netlink.ts';

const NETLINK_GENERIC = 16;
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
const NBD_CMD_CONNECT = 1;
const NBD_CMD_DISCONNECT = 2;
const NBD_ATTR_INDEX = 1;
const NBD_ATTR_SIZE_BYTES = 2;
const NBD_ATTR_BLOCK_SIZE_BYTES = 3;
const NBD_ATTR_SERVER_FLAGS = 5;
const NBD_ATTR_SOCKETS = 7;
const NBD_SOCK_ITEM = 1;
const NBD_SOCK_FD = 1;
/** NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY | NBD_FLAG_CAN_MULTI_CONN. */
const READ_ONLY_EXPORT = 0x103n;

export interface NbdDevice {
  /** Such as `/dev/nbd0`. */
  readonly path: string;
  /** Our end: the kernel's requests come out of it, replies go in. */
  readonly stream: Duplex;
}

/**
 * Makes /dev/nbd`index` a read-only device of `sizeBytes` (a multiple of 4096) whose blocks are asked for on the returned stream.
 * The nbd module must be loaded. Throws `NBD_ATTACH_FAILED` with the errno's name.
 */
export function attachNbdDevice(index: number, sizeBytes: number): NbdDevice {
  const [ours, kernels] = socketPair();
  const netlink = netlinkSocket(NETLINK_GENERIC);
  try {
    connect(netlink, index, sizeBytes, kernels);
  } catch (error) {
    closeDescriptor(ours);
    throw error;
  } finally {
    closeDescriptor(kernels);
    closeDescriptor(netlink);
  }
  return { path: `/dev/nbd${index}`, stream: new Socket({ fd: ours, readable: true, writable: true }) };
}

/**
 * Ends /dev/nbd`index`: the kernel closes its side, and what still reads there gets an error. Unmount first.
 * Throws `NBD_ATTACH_FAILED` with the errno's name.
 */
export function detachNbdDevice(index: number): void {
  const netlink = netlinkSocket(NETLINK_GENERIC);
  try {
    const request = encodeGenericRequest(familyId(netlink), NBD_CMD_DISCONNECT, 3, [
      u32Attribute(NBD_ATTR_INDEX, index),
    ]);
    failUnlessZero(decodeGenericAnswer(exchange(netlink, request)), `detaching /dev/nbd${index}`);
  } finally {
    closeDescriptor(netlink);
  }
}

function connect(netlink: number, index: number, sizeBytes: number, socket: number): void {
  const socketItem = nestedAttribute(NBD_SOCK_ITEM, [u32Attribute(NBD_SOCK_FD, socket)]);
  const request = encodeGenericRequest(familyId(netlink), NBD_CMD_CONNECT, 2, [
    u32Attribute(NBD_ATTR_INDEX, index),
    u64Attribute(NBD_ATTR_SIZE_BYTES, BigInt(sizeBytes)),
    u64Attribute(NBD_ATTR_BLOCK_SIZE_BYTES, 4096n),
    u64Attribute(NBD_ATTR_SERVER_FLAGS, READ_ONLY_EXPORT),
    nestedAttribute(NBD_ATTR_SOCKETS, [socketItem]),
  ]);
  let answer = decodeGenericAnswer(exchange(netlink, request));
  if (answer.kind === 'data') answer = decodeGenericAnswer(receive(netlink));
  failUnlessZero(answer, `attaching /dev/nbd${index}`);
}

function familyId(netlink: number): number {
  const request = encodeGenericRequest(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, [
    textAttribute(CTRL_ATTR_FAMILY_NAME, 'nbd'),
  ]);
  const answer = decodeGenericAnswer(exchange(netlink, request));
  if (answer.kind === 'status') failUnlessZero(answer, 'looking up the nbd netlink family (is the nbd module loaded?)');
  const id = answer.kind === 'data' ? findU16(answer.attributes, CTRL_ATTR_FAMILY_ID) : undefined;
  if (id === undefined) throw new ViverError('NBD_ATTACH_FAILED', 'the kernel names no id for the nbd netlink family');
  failUnlessZero(decodeGenericAnswer(receive(netlink)), 'looking up the nbd netlink family');
  return id;
}

function findU16(attributes: readonly Attribute[], type: number): number | undefined {
  const value = attributes.find((attribute) => attribute.type === type)?.value;
  return value && value.length >= 2 ? value[0]! | (value[1]! << 8) : undefined;
}

function failUnlessZero(answer: NetlinkAnswer, doing: string): void {
  if (answer.kind === 'status' && answer.errno !== 0) {
    throw new ViverError('NBD_ATTACH_FAILED', `${doing}: ${getSystemErrorName(-answer.errno)}`, {
      details: { errno: answer.errno },
    });
  }
}
