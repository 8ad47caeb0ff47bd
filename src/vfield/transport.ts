// What carries bytes between members: TCP in the field (peer/tcp-transport.ts), an in-process network in tests and in the
// simulator (sim/network). A byte stream is reliable and in order, or it is closed.

import type { HttpServiceOptions } from '../bootserver/http/service.ts';

/** One end of a connection. Handlers are set once, before the first byte can arrive. */
export interface Duplex {
  /** The other end's address as `host:port`; for an accepted connection the port is not the one it listens on. */
  readonly remoteAddress: string;
  /** `write` copies: the memory may be used again when it returns. */
  readonly copies?: boolean;
  /**
   * Sends `bytes`, which must not change until `sent` is called, or ever if there is none.
   * @returns false when the sender should wait for `onDrain` before it sends bulk data.
   */
  write(bytes: Uint8Array, sent?: () => void): boolean;
  /** Ends the connection now; `onClose` of this end is not called again for it. */
  close(): void;
}

/** What the owner of one end wants to hear. */
export interface DuplexHandlers {
  /** `chunk` is valid only during the call: its memory is used again. */
  onData(chunk: Uint8Array): void;
  onDrain(): void;
  /** Called once when the other end or the network closed it. */
  onClose(reason: string): void;
}

/** Gives the handlers of a connection as soon as its end exists. */
export type DuplexOwner = (duplex: Duplex) => DuplexHandlers;

/** A place where connections come in. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface Transport {
  /**
   * Rejects with ViverError `FIELD_LISTEN` when the port is taken.
   * @param port 0 for any free one.
   * @param http What clients that speak HTTP on this port are answered, where the network is a real one.
   */
  listen(address: { host?: string; port: number }, accept: DuplexOwner, http?: HttpServiceOptions): Promise<Listener>;
  /** Rejects with ViverError `FIELD_CONNECT` when nobody answers. */
  connect(address: string, owner: DuplexOwner): Promise<void>;
}

/** `host:port` (IPv6 in brackets) apart; undefined when it is no address. */
export function parseAddress(address: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  if (!match) return undefined;
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2])!, port };
}

/** Host and port as one text; an IPv4 address inside IPv6 is written as IPv4. */
export function formatAddress(host: string, port: number): string {
  const plain = host.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
