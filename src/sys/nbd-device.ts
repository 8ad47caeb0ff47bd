// Attaches a socket to /dev/nbdN by generic netlink (linux/nbd-netlink.h). Netlink and not the ioctls, because NBD_DO_IT keeps a thread for
// the device's whole life. The kernel takes its own reference on the socket, so ours is closed after the call. A device can outlive its
// connection: its requests then wait until another socket is put in the place of the dead one.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { ViverError } from '../errors.ts';
import { closeDescriptor, exchange, netlinkSocket, receive, socketPair } from './libc.ts';
import { encodeConnect, encodeDisconnect, encodeFamilyRequest, encodeReconfigure, familyIn } from './nbd-messages.ts';
import { decodeGenericAnswer, type NetlinkAnswer } from './netlink.ts';

const NETLINK_GENERIC = 16;

/**
 * Makes /dev/nbd`index` a read-only device of `sizeBytes` (a multiple of 4096). The nbd module must be loaded.
 * @returns our end of its connection: the kernel's requests come out of it, replies go in.
 * @param outlives The device waits for `reconnectNbdDevice` when its connection ends; otherwise what reads there then gets an error.
 * @throws ViverError NBD_ATTACH_FAILED with the errno's name
 */
export function attachNbdDevice(index: number, sizeBytes: number, { outlives = false } = {}): Duplex {
  return attachSocket(`attaching /dev/nbd${index}`, (family, socket) =>
    encodeConnect({ family, index, sizeBytes, socket, outlives }),
  );
}

/**
 * Gives /dev/nbd`index`, which whichever process attached to outlive its connection, a new one in the place of one that has ended. The returned
 * end is closed at once when the kernel has not yet seen that the old one has ended.
 * @throws ViverError NBD_ATTACH_FAILED
 */
export function reconnectNbdDevice(index: number): Duplex {
  return attachSocket(`taking /dev/nbd${index} over`, (family, socket) => encodeReconfigure(family, index, socket));
}

/**
 * Ends /dev/nbd`index`: the kernel closes its side, and what still reads there gets an error. Unmount first.
 * @throws ViverError NBD_ATTACH_FAILED
 */
export function detachNbdDevice(index: number): void {
  withNetlink((netlink) => ask(netlink, encodeDisconnect(familyId(netlink), index), `detaching /dev/nbd${index}`));
}

function attachSocket(doing: string, encode: (family: number, socket: number) => Uint8Array): Duplex {
  const [ours, kernels] = socketPair();
  try {
    withNetlink((netlink) => ask(netlink, encode(familyId(netlink), kernels), doing));
  } catch (error) {
    closeDescriptor(ours);
    throw error;
  } finally {
    closeDescriptor(kernels);
  }
  return new Socket({ fd: ours, readable: true, writable: true });
}

function withNetlink(work: (netlink: number) => void): void {
  const netlink = netlinkSocket(NETLINK_GENERIC);
  try {
    work(netlink);
  } finally {
    closeDescriptor(netlink);
  }
}

/** Sends a command and waits for its acknowledgement, before which the driver may send data. */
function ask(netlink: number, request: Uint8Array, doing: string): void {
  let answer = decodeGenericAnswer(exchange(netlink, request));
  if (answer.kind === 'data') answer = decodeGenericAnswer(receive(netlink));
  failUnlessZero(answer, doing);
}

function familyId(netlink: number): number {
  const doing = 'looking up the nbd netlink family (is the nbd module loaded?)';
  const answer = decodeGenericAnswer(exchange(netlink, encodeFamilyRequest()));
  failUnlessZero(answer, doing);
  const id = familyIn(answer);
  if (id === undefined) throw new ViverError('NBD_ATTACH_FAILED', 'the kernel names no id for the nbd netlink family');
  failUnlessZero(decodeGenericAnswer(receive(netlink)), doing);
  return id;
}

function failUnlessZero(answer: NetlinkAnswer, doing: string): void {
  if (answer.kind === 'status' && answer.errno !== 0) {
    throw new ViverError('NBD_ATTACH_FAILED', `${doing}: ${getSystemErrorName(-answer.errno)}`, {
      details: { errno: answer.errno },
    });
  }
}
