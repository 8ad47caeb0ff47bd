// What the lists of known machines of all RUNES folders say together, and which of their addresses a network can have. Pure.

import { addressText, isHostOf, subnetOf } from '../../bootserver/dhcp/ipv4.ts';
import type { Facts, KnownMachine } from '../contract/facts.ts';
import type { RuneFolder } from '../roles/rune-folder.ts';
import { parseMachines } from './parse-machines.ts';

export interface KnownMachines {
  readonly machines: readonly KnownMachine[];
  /** `FILE:LINE: what is wrong` */
  readonly faults: readonly string[];
}

/** The lists of `folders`, a later one winning: an earlier line goes when a later one has its MAC, its name or its address. */
export function knownMachines(folders: readonly Pick<RuneFolder, 'machines'>[]): KnownMachines {
  let machines: readonly KnownMachine[] = [];
  const faults: string[] = [];
  for (const { machines: file } of folders) {
    if (!file) continue;
    const parsed = parseMachines(file.text);
    for (const { line, message } of parsed.faults) faults.push(`${file.path}:${line}: ${message}`);
    const later = parsed.machines.map(({ line: _, ...machine }): KnownMachine => machine);
    machines = [...machines.filter((machine) => !later.some((other) => clashes(machine, other))), ...later];
  }
  return { machines, faults };
}

/** The line of the machine with this MAC. */
export function machineOf(machines: readonly KnownMachine[], mac: string | undefined): KnownMachine | undefined {
  return machines.find((machine) => machine.mac === mac?.toLowerCase());
}

/** What the list of machines says is a fact too. */
export function withMachines(facts: Facts, machines: readonly KnownMachine[]): Facts {
  const machine = machineOf(machines, (facts.bootNic ?? facts.nics[0])?.mac);
  return { ...facts, ...(machines.length > 0 ? { machines } : {}), ...(machine ? { machine } : {}) };
}

/**
 * Why the machine can't have the address of its line in this network; undefined when it can, or when it has none.
 * @param taken Addresses that belong to the network's own machines: server, router.
 */
export function addressFault(
  { name, address }: KnownMachine,
  { serverAddress, netmask, taken }: { serverAddress: string; netmask: string; taken: readonly string[] },
): string | undefined {
  if (address === undefined) return undefined;
  const subnet = subnetOf(serverAddress, netmask);
  const range = `${addressText(subnet.network)}, mask ${netmask}`;
  if (!isHostOf(subnet, address)) return `${name} can't have ${address}: it is no address of this network (${range})`;
  if (taken.includes(address)) return `${name} can't have ${address}: the boot server or the router has it`;
  return undefined;
}

function clashes(a: KnownMachine, b: KnownMachine): boolean {
  return a.mac === b.mac || a.name === b.name || (a.address !== undefined && a.address === b.address);
}
