// HTTP/1.1 on node:http: the server's limits, and a server without a port for connections that somebody else has accepted.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../log.ts';
import type { HttpRoute } from './routes.ts';
import { serveRequest } from './serve-request.ts';

// Not by import: see src/control/control-socket.ts.
const { createServer } = process.getBuiltinModule('node:http');

export interface HttpServiceOptions {
  readonly routes: readonly HttpRoute[];
  readonly log: Log;
}

/** The server without a port of its own. */
export interface HttpService {
  /** Takes over a connection; what was already read of it lies in its buffer (`unshift`). */
  accept(socket: Socket): void;
  close(): void;
}

const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 30_000;
/** Neither a byte in nor out for so long. */
const STALLED_MS = 60_000;

/** Serves connections that `accept` is given. node:http counts and times only those of its own port, so both is done here. */
export function createHttpService(options: HttpServiceOptions): HttpService {
  const server = makeServer(options);
  const sockets = new Map<Socket, NodeJS.Timeout>();
  /** A request's head has to come within the time; a client that only keeps the connection may take longer. */
  const awaitHead = (socket: Socket, milliseconds: number): void => {
    clearTimeout(sockets.get(socket));
    if (!socket.destroyed)
      sockets.set(
        socket,
        setTimeout(() => socket.destroy(), milliseconds),
      );
  };
  server.on('request', (incoming, response) => {
    clearTimeout(sockets.get(incoming.socket));
    response.once('close', () => awaitHead(incoming.socket, KEEP_ALIVE_MS));
  });
  return {
    accept: (socket) => {
      awaitHead(socket, HEADERS_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(sockets.get(socket));
        sockets.delete(socket);
      });
      socket.setTimeout(STALLED_MS, () => socket.destroy());
      server.emit('connection', socket);
      socket.resume();
    },
    close: () => {
      for (const socket of [...sockets.keys()]) socket.destroy();
    },
  };
}

/** A server for `options.routes` that does not listen yet. */
export function makeServer(options: HttpServiceOptions): Server {
  return createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    },
    (request, response) => void serveRequest(request, response, options),
  );
}
