// What the list of machines means to the address keeper: which addresses are fixed, who is called how. Pure.

import type { Reservation } from '../../../bootserver/dhcp/address-book.ts';
import type { Log } from '../../../log.ts';
import type { Facts, KnownMachine } from '../../contract/facts.ts';
import { addressFault } from '../../machines/known-machines.ts';
import { machineNameOf } from '../configure/machine-name.ts';

/** The machines of the list, without the addresses that this network can't give. */
export function listedMachines(
  { machines = [], bootNic }: Facts,
  network: Parameters<typeof addressFault>[1],
  log: Log,
): KnownMachine[] {
  return machines.map((machine) => {
    const isOwn = machine.mac === bootNic?.mac;
    const fault = isOwn ? undefined : addressFault(machine, network);
    if (fault) log.error(fault);
    if (!isOwn && !fault) return machine;
    const { address: _, ...others } = machine;
    return others;
  });
}

/** Addresses that are fixed, as the address book has them. */
export function reservationsOf(machines: readonly KnownMachine[]): Map<string, Reservation> {
  const fixed = machines.flatMap(({ mac, name, address }) =>
    address === undefined ? [] : ([[mac, { address, hostName: name }]] as const),
  );
  return new Map(fixed);
}

/** The server has a name too, which nobody else may get. */
export function ownName({ machine, bootNic }: Facts): { mac: string; name: string }[] {
  return bootNic && !machine ? [{ mac: bootNic.mac, name: machineNameOf(bootNic.mac) }] : [];
}

/** The log line for a machine that finds no address. */
export function whyNone(mac: string, fixed: string | undefined, pool: { first: string; last: string }): string {
  if (fixed) return `${mac} gets no address: ${fixed}, which is fixed for it, is used by another machine`;
  return `no address left for ${mac}: the pool ${pool.first}-${pool.last} is full`;
}

/**
 * Names by MAC: that of the list, else a short one, and where that is another machine's the one in full.
 * @param addressInRoom Where the machine of the room with a name is: after a restart of ours it may have been named by somebody else.
 */
export function createNaming(
  known: readonly { readonly mac: string; readonly name: string }[],
  addressInRoom: (name: string) => string | undefined = () => undefined,
): (client: { readonly mac: string }, address: string) => string {
  const listed = new Map(known.map(({ mac, name }) => [mac, name]));
  const owners = new Map(known.map(({ mac, name }) => [name, mac]));
  return ({ mac }, address) => {
    const name = listed.get(mac);
    if (name !== undefined) return name;
    const short = machineNameOf(mac);
    const owner = owners.get(short) ?? mac;
    const there = addressInRoom(short);
    if (owner === mac && there !== undefined && there !== address) return machineNameOf(mac, true);
    owners.set(short, owner);
    return owner === mac ? short : machineNameOf(mac, true);
  };
}
