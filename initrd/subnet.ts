// IPv4 arithmetic for /24 subnets of our own. Pure.

/** The private subnets tried in this order (RFC 1918); the first is always tried first, so that a first PC that comes back opens the same one. */
export const OWN_SUBNETS = ['10.77.0', '10.78.0', '172.22.77', '192.168.177', '10.177.77'] as const;

export function addressOf(subnet: string, host: number): string {
  return `${subnet}.${host}`;
}

/** 255.255.255.0 -> 24. A mask with holes counts its leading ones. */
export function prefixLength(netmask: string): number {
  const bits = netmask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  const zero = bits.indexOf('0');
  return zero < 0 ? 32 : zero;
}
