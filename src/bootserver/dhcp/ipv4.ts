// IPv4 addresses as text and as numbers, and the arithmetic of one subnet. Pure.

import { ViverError } from '../../errors.ts';

export const ANY_ADDRESS = '0.0.0.0';
export const BROADCAST_ADDRESS = '255.255.255.255';

/** `10.0.0.1` as an unsigned 32-bit number; undefined when the text is no address. */
export function addressNumber(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** The text of an unsigned 32-bit number. */
export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** An address that the caller relies on. @throws ViverError DHCP_BAD_ADDRESS */
export function requireAddress(text: string): number {
  const number = addressNumber(text);
  if (number === undefined) throw new ViverError('DHCP_BAD_ADDRESS', `'${text}' is no IPv4 address`);
  return number;
}

export interface Subnet {
  /** Network number, all host bits zero. */
  readonly network: number;
  /** Address with all host bits one. */
  readonly broadcast: number;
}

/** The subnet of an address and its mask. @throws ViverError DHCP_BAD_ADDRESS when the mask has holes */
export function subnetOf(address: string, netmask: string): Subnet {
  const mask = requireAddress(netmask);
  const hostBits = ~mask >>> 0;
  if ((hostBits & (hostBits + 1)) !== 0) throw new ViverError('DHCP_BAD_ADDRESS', `'${netmask}' is no netmask`);
  const network = (requireAddress(address) & mask) >>> 0;
  return { network, broadcast: (network | hostBits) >>> 0 };
}

/** Whether the address is one that a host of the subnet can have. */
export function isHostOf(subnet: Subnet, address: string): boolean {
  const number = addressNumber(address);
  if (number === undefined) return false;
  return number > subnet.network && number < subnet.broadcast;
}
