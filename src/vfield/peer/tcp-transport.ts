// The Transport over TCP: who listens and who connects. The bytes of one connection are tcp-duplex.ts.

import { connect, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { ViverError } from '../../errors.ts';
import { plain } from '../hash.ts';
import { type DuplexOwner, formatAddress, type Listener, parseAddress, type Transport } from '../transport.ts';
import { Reception } from './reception.ts';
import { TcpDuplex, WRITE_AHEAD_BYTES } from './tcp-duplex.ts';

/** In one network an answer takes a millisecond; a short attempt lets the next one meet a host that has just come back. */
const CONNECT_MS = 1_200;

export const tcpTransport: Transport = {
  listen: ({ host, port }, accept, http) =>
    new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true, highWaterMark: WRITE_AHEAD_BYTES });
      const reception = http && new Reception({ http, onPeer: (socket, start) => takeOver(socket, accept, start) });
      server.on('connection', (accepted) => (reception ? reception.take(accepted) : takeOver(accepted, accept)));
      server.once('error', (cause) => {
        reject(new ViverError('FIELD_LISTEN', `can't listen on ${host ?? '*'}:${port}: ${cause.message}`, { cause }));
      });
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => resolve(listenerOf(server, reception)));
    }),

  connect: (address, owner) =>
    new Promise((resolve, reject) => {
      const target = parseAddress(address);
      if (!target) {
        reject(new ViverError('FIELD_CONNECT', `${address} is no address`));
        return;
      }
      const end = new TcpDuplex(address);
      const socket = connect({ ...target, onread: end.onread, highWaterMark: WRITE_AHEAD_BYTES } as never);
      const fail = (cause: Error): void =>
        reject(
          new ViverError('FIELD_CONNECT', `${address} does not answer: ${cause.message}`, { cause, retryable: true }),
        );
      socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('no answer in time')));
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.off('error', fail);
        end.attach(socket, owner);
        resolve();
      });
    }),
};

function listenerOf(server: Server, reception: Reception | undefined): Listener {
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: async () => {
      reception?.close();
      server.close();
    },
  };
}

interface Handle {
  reading: boolean;
  readStop(): number;
}

/**
 * Gives an accepted connection a static read buffer. Node offers `onread` only where a socket is made, so the handle moves into a socket of our own;
 * if a later Node has no such handle, plain 'data' events do.
 * @param start What has been read of it already.
 */
function takeOver(accepted: Socket, accept: DuplexOwner, start: Uint8Array = new Uint8Array(0)): void {
  const address = formatAddress(accepted.remoteAddress ?? '?', accepted.remotePort ?? 0);
  const end = new TcpDuplex(address);
  const inner = accepted as unknown as { _handle: Handle | null };
  if (!inner._handle) {
    end.attach(accepted, accept);
    end.deliver(plain(start));
    accepted.on('data', (chunk: Buffer) => end.deliver(plain(chunk)));
    accepted.resume();
    return;
  }
  inner._handle.readStop();
  inner._handle.reading = false;
  const options = { handle: inner._handle, onread: end.onread, highWaterMark: WRITE_AHEAD_BYTES };
  inner._handle = null;
  accepted.destroy(); // without its handle: the server no longer counts it
  const socket = new Socket(options as object as SocketConstructorOpts);
  end.attach(socket, accept);
  end.deliver(plain(start));
  socket.resume();
}
