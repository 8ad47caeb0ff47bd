// Where NBD clients reach the image: `unix:/path` or `HOST:PORT`, and as the URI that nbdinfo, nbdcopy and qemu understand (the NBD project's doc/uri.md). Pure.

import type { NbdAddress } from '../vfield/nbd/listener.ts';
import { formatAddress } from '../vfield/transport.ts';
import { parseListenAddress } from './addresses.ts';

/** Undefined for anything else. A port wants a host: NBD asks nobody for a password, so all addresses are said as `*`. */
export function parseNbdAddress(text: string): NbdAddress | undefined {
  if (text.startsWith('unix:')) return text.length > 5 ? { path: text.slice(5) } : undefined;
  if (text.startsWith('*:')) return parseNbdAddress(`[::]${text.slice(1)}`);
  const { host, port } = parseListenAddress(text) ?? {};
  return host !== undefined && port !== undefined ? { host, port } : undefined;
}

/** @param port The one that was opened, when the address left the choice to the system. */
export function formatNbdUri(address: NbdAddress, port: number | undefined): string {
  if ('path' in address) return `nbd+unix:///?socket=${encodeURI(address.path)}`;
  return `nbd://${formatAddress(address.host, port ?? address.port)}/`;
}
