// HTTP/1.1 server on a port of its own, on node:http: RFC 9110 and 9112. Owns the listening socket and the connections.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ViverError } from '../../errors.ts';
import { type HttpServiceOptions, makeServer } from './service.ts';

export interface HttpServerOptions extends HttpServiceOptions {
  readonly address: string;
  /** 80, or 0 for any. */
  readonly port: number;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 4096;

/** Starts serving. Rejects with ViverError HTTP_PORT when the port can't be had. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log } = options;
  const server = makeServer(options);
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  server.on('error', (error) => log.warn(`socket: ${error.message}`));
  const { port } = server.address() as AddressInfo;
  log.info(`serves http://${options.address}:${port}/`);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { address, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) =>
      reject(new ViverError('HTTP_PORT', `HTTP: can't open ${address}:${port}: ${cause.message}`, { cause }));
    server.once('error', failed);
    server.listen(port, address, () => {
      server.off('error', failed);
      resolve();
    });
  });
}
