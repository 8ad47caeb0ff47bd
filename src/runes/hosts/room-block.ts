// The machines of the room in a hosts(5) file: a block of lines between two comments, and everything around it left as it is. Pure.

import { addressNumber } from '../../bootserver/dhcp/ipv4.ts';
import { hostLabel } from '../machines/host-label.ts';

/** What a machine says of itself. */
export interface NamedMachine {
  readonly name: string;
  readonly address: string;
  /** When it started, ms since 1970. */
  readonly since: number;
}

const BEGIN = '# the machines of the room, kept up to date by Viver';
const END = '# end of the room';
/** Names that mean the machine itself, everywhere. */
const OWN_NAMES = new Set(['localhost', 'ip6-localhost', 'ip6-loopback']);

/** The file with a line for each of the others. @param own This machine's name: it stays at 127.0.1.1. */
export function withRoom(text: string, machines: readonly NamedMachine[], own: string, domain?: string): string {
  const lines = believed(machines, own).map(({ name, address }) => {
    const full = domain ? `${name}.${domain} ` : '';
    return `${address}\t${full}${name}\n`;
  });
  const block = `${BEGIN}\n${lines.join('')}${END}\n`;
  const begin = text.indexOf(`${BEGIN}\n`);
  const end = text.indexOf(`${END}\n`, begin);
  if (begin < 0 || end < 0) return `${text.replace(/\n?$/, '\n')}${block}`;
  return text.slice(0, begin) + block + text.slice(end + END.length + 1);
}

/** Names that several machines have: what they say of themselves can't be helped, but said. */
export function sharedNames(machines: readonly NamedMachine[]): string[] {
  const counts = new Map<string, number>();
  for (const { name } of machines) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}

/** By name; of two machines with one name the one that was there first. A claim that is no name or no address, or is ours, counts for nothing. */
function believed(machines: readonly NamedMachine[], own: string): NamedMachine[] {
  const byName = new Map<string, NamedMachine>();
  for (const machine of machines.toSorted((a, b) => a.since - b.since)) {
    const { name, address } = machine;
    const isName = hostLabel(name) === name && name !== own && !OWN_NAMES.has(name);
    if (isName && addressNumber(address) !== undefined && !byName.has(name)) byName.set(name, machine);
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
