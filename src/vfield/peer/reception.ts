// What a new connection speaks, told by its first byte: BitTorrent's handshake begins with 19, an HTTP request for a file or a tracker with `GET` or
// `HEAD`. So one port serves peers, and clients that know nothing but a .torrent. Everything else goes to the peers' side, which closes it.

import type { Socket } from 'node:net';
import type { HttpService, HttpServiceOptions } from '../../bootserver/http/service.ts';
import { HANDSHAKE_MS } from './wire.ts';

/** Connections that have said nothing yet; beyond it the oldest is closed. */
const MAX_SILENT = 256;
/** HTTP connections at once; an announce is over in a moment, a web seed's client holds one or two. */
const MAX_HTTP_CONNECTIONS = 64;

export interface ReceptionOptions {
  /** What HTTP clients are answered. */
  readonly http: HttpServiceOptions;
  /** Takes over a connection to peers. `start` is what has been read of it; reading has stopped. */
  onPeer(accepted: Socket, start: Uint8Array): void;
}

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #silent = new Set<Socket>();
  #service: Promise<HttpService> | undefined;
  #httpConnections = 0;
  #closed = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** @param accepted Not read from yet (`pauseOnConnect`). */
  take(accepted: Socket): void {
    this.#silent.add(accepted);
    if (this.#silent.size > MAX_SILENT) this.#silent.values().next().value!.destroy();
    accepted.setTimeout(HANDSHAKE_MS, () => accepted.destroy());
    accepted.on('error', () => {}); // 'close' comes after it
    accepted.once('close', () => this.#silent.delete(accepted));
    accepted.once('data', (start: Buffer) => this.#sort(accepted, start));
    accepted.resume();
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#silent) socket.destroy();
    this.#service?.then((service) => service.close());
  }

  #sort(accepted: Socket, start: Buffer): void {
    this.#silent.delete(accepted);
    accepted.pause();
    accepted.setTimeout(0);
    if (isHttp(start)) void this.#serve(accepted, start);
    else this.#options.onPeer(accepted, start);
  }

  async #serve(accepted: Socket, start: Buffer): Promise<void> {
    if (this.#httpConnections >= MAX_HTTP_CONNECTIONS) {
      accepted.destroy();
      return;
    }
    this.#httpConnections++;
    accepted.once('close', () => this.#httpConnections--);
    accepted.unshift(start);
    // node:http comes with the first client that wants it: most nodes never need it.
    this.#service ??= import('../../bootserver/http/service.ts').then(({ createHttpService }) =>
      createHttpService(this.#options.http),
    );
    const service = await this.#service;
    if (this.#closed) accepted.destroy();
    else service.accept(accepted);
  }
}

function isHttp(start: Uint8Array): boolean {
  return start[0] === 0x47 || start[0] === 0x48; // G, H
}
