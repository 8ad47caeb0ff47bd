import { describe, expect, test } from 'vitest';
import { macOfNeighbour } from '../../../bootserver/neighbours.ts';
import { type HandOut, whyNoKey } from './key-hand-out.ts';

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
10.86.0.20       0x1         0x2         52:54:00:AA:00:01     *        eth0
10.86.0.21       0x1         0x0         00:00:00:00:00:00     *        eth0
10.86.0.22       0x1         0x2         52:54:00:aa:00:02     *        eth0
10.86.0.23       0x1         0x2         52:54:00:aa:00:03     *        eth0
`;
const leases: Record<string, string> = { '52:54:00:aa:00:01': '10.86.0.20', '52:54:00:aa:00:02': '10.86.0.99' };
const ask = (isForeign = false) => ({
  macOf: async (address: string) => macOfNeighbour(ARP, address),
  leasedTo: async (mac: string) => (isForeign ? 'foreign' : leases[mac]),
  isKnown: (mac: string) => mac === '52:54:00:aa:00:03',
});

describe('the key goes', () => {
  test.each([
    ['all', '10.86.0.20', false, undefined],
    ['all', '10.86.0.21', false, '10.86.0.21 is no neighbour on this wire'],
    ['all', '10.86.0.22', false, '10.86.0.22 was not given to 52:54:00:aa:00:02'],
    ['all', '10.86.0.23', false, '10.86.0.23 was not given to 52:54:00:aa:00:03'],
    ['all', '127.0.0.1', false, '127.0.0.1 is no neighbour on this wire'],
    ['all', '10.86.0.22', true, undefined],
    ['known', '10.86.0.20', false, '52:54:00:aa:00:01 is not in RUNES/machines'],
    ['known', '10.86.0.23', true, undefined],
    ['none', '10.86.0.20', false, 'roomKey of the http rune is none'],
  ] as const)('by policy %s to %s (foreign DHCP: %s): %s', async (policy: HandOut, address, isForeign, why) => {
    expect(await whyNoKey(policy, address, ask(isForeign))).toBe(why);
  });
});
