// Where programs reach the exports: a TCP port or a Unix socket. Owns the listening socket and the open connections.

import { createServer, type ListenOptions, type Socket } from 'node:net';
import { errorLine, ViverError } from '../../errors.ts';
import { type NbdExport, type NbdServerOptions, serveNbd } from './server.ts';

/** A Unix socket's path, or a TCP address. */
export type NbdAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Programs that may be connected at a time. */
export const MAX_CONNECTIONS = 256;

export interface NbdListener {
  /** The TCP port; undefined for a Unix socket. */
  readonly port: number | undefined;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/** Listens and serves until closed. Rejects with ViverError `NBD_LISTEN` when the address can't be had. */
export async function listenNbd(
  exports: readonly NbdExport[],
  address: NbdAddress,
  options: NbdServerOptions,
): Promise<NbdListener> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serveNbd(exports, socket, options);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new ViverError('NBD_LISTEN', `can't listen for NBD: ${errorLine(cause)}`, { cause }));
    });
    server.listen(address as ListenOptions, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' ? bound?.port : undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
