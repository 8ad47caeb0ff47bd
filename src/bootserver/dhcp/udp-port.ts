// The sockets of the DHCP server on one network interface; the only file of this part that owns sockets.
// Per port two: one on 0.0.0.0, bound to the interface, hears broadcasts; one on our own address hears what is sent to it and sends
// the answers, so that they carry that address on a machine with several. The kernel gives unicast to the closer match.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Arrival } from './classify.ts';
import type { ReplyAddress } from './reply-address.ts';

export interface UdpPortOptions {
  readonly ports: readonly number[];
  readonly serverAddress: string;
  /** Name of the interface; without it sockets hear all interfaces, which is right only on a machine with one. */
  readonly nic?: string;
  /** SO_BINDTODEVICE on an open socket (from src/sys). Needed with `nic`. */
  readonly bindToDevice?: (fd: number, nic: string) => void;
  onPacket(bytes: Uint8Array, arrival: Arrival): void;
  readonly log: Log;
}

export interface UdpPort {
  /** Sends from our own address and the port that the request came in on. A send that fails is logged, never thrown. */
  send(bytes: Uint8Array, to: ReplyAddress, fromPort: number): void;
  close(): Promise<void>;
}

/** A room of PCs switched on together is a burst of some hundred packets; the default of 200 KiB loses some. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Opens all sockets, or none. Rejects with ViverError DHCP_PORT when a port is taken or the address is not ours. */
export async function openUdpPort(options: UdpPortOptions): Promise<UdpPort> {
  const opened: Socket[] = [];
  const senders = new Map<number, Socket>();
  try {
    for (const port of options.ports) {
      opened.push(await openSocket(options, port, '0.0.0.0'));
      const own = await openSocket(options, port, options.serverAddress);
      opened.push(own);
      senders.set(port, own);
    }
  } catch (error) {
    await Promise.all(opened.map(closeSocket));
    throw error;
  }
  return {
    send: (bytes, to, fromPort) => {
      senders.get(fromPort)?.send(bytes, to.port, to.address, (error) => {
        if (error) options.log.warn(`answer to ${to.address}:${to.port} not sent: ${error.message}`);
      });
    },
    close: async () => {
      await Promise.all(opened.map(closeSocket));
    },
  };
}

async function openSocket(options: UdpPortOptions, port: number, address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    await bindSocket(socket, port, address);
    socket.setBroadcast(true);
    setReceiveBuffer(socket);
    if (options.nic && options.bindToDevice) options.bindToDevice(descriptorOf(socket), options.nic);
  } catch (cause) {
    await closeSocket(socket);
    throw new ViverError('DHCP_PORT', `DHCP: can't open ${address}:${port}: ${(cause as Error).message}`, { cause });
  }
  const unicast = address === options.serverAddress;
  socket.on('error', (error) => options.log.warn(`socket ${address}:${port}: ${error.message}`));
  socket.on('message', (bytes: Buffer, sender: RemoteInfo) => options.onPacket(bytes, { port, unicast, sender }));
  return socket;
}

function bindSocket(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** The system may allow less (net.core.rmem_max); that costs packets only in a burst. */
function setReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Not worth a line: the default works.
  }
}

/** Node has no public way to a datagram socket's descriptor; the runtime is pinned, and a change is noticed at once. */
function descriptorOf(socket: Socket): number {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol');
  const state = key && (socket as unknown as Record<symbol, { handle?: { fd?: number } }>)[key];
  const fd = state?.handle?.fd;
  if (typeof fd !== 'number' || fd < 0) throw new ViverError('DHCP_PORT', 'DHCP: this Node hides socket descriptors');
  return fd;
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve(); // It was closed already.
    }
  });
}
