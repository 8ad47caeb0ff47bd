// Where a node listens, as a person writes it, and where others reach it. Pure.

import { formatAddress } from '../vfield/transport.ts';

/** Addresses that a link tells: a container host has hundreds, a magnet link has room for a few. */
const MAX_TOLD_ADDRESSES = 16;

export interface ListenAddress {
  /** All addresses of the machine when left out. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** One address of this machine, as `os.networkInterfaces` has it. */
export interface OwnAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

/** Reads `HOST:PORT`, `[IPV6]:PORT`, `*:PORT`, `:PORT` or `PORT`; undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+|\*?)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  const host = match[1] ?? match[2] ?? '';
  return host === '' || host === '*' ? { port } : { host, port };
}

/**
 * `host:port` for each address by which others reach a node that listens on `host`, IPv4 first. When it listens on all, that is every address of the
 * machine but loopback and link-local ones: those mean something else on another machine. Loopback alone when there is nothing else.
 */
export function reachableAddresses(
  host: string | undefined,
  port: number,
  machine: readonly OwnAddress[],
): readonly string[] {
  if (host !== undefined && host !== '::' && host !== '0.0.0.0') return [formatAddress(host, port)];
  const outside = machine
    .filter(
      ({ address, internal, family }) =>
        !internal && !isLinkLocal(address) && (host !== '0.0.0.0' || family === 'IPv4'),
    )
    .sort((a, b) => Number(a.family === 'IPv6') - Number(b.family === 'IPv6'))
    .map(({ address }) => formatAddress(address, port));
  return outside.length > 0 ? outside.slice(0, MAX_TOLD_ADDRESSES) : [formatAddress('127.0.0.1', port)];
}

/** fe80::/10 and 169.254.0.0/16. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address) || address.startsWith('169.254.');
}
