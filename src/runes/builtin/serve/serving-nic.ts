// The network card that the room is served on. Pure.

import { ViverError } from '../../../errors.ts';
import type { NicFacts } from '../../contract/facts.ts';

export type ServingNic = NicFacts & { readonly address: string; readonly netmask: string };

/** The NIC that serves, which needs an address. @throws ViverError RUNES_NO_ADDRESS */
export function servingNic(nic: NicFacts | undefined): ServingNic {
  if (nic?.address && nic.netmask) return { ...nic, address: nic.address, netmask: nic.netmask };
  throw new ViverError('RUNES_NO_ADDRESS', `${nic?.name ?? 'no NIC'} has no address to serve on`);
}
