// The known machines (/etc/RUNES/machines): one machine per line, `MAC NAME [ADDRESS] [role=ROLE] [key=value ...]`, comments behind '#'. Faults carry
// line numbers; the good lines count all the same. Pure.

import { addressNumber } from '../../bootserver/dhcp/ipv4.ts';
import type { KnownMachine } from '../contract/facts.ts';
import { NAME_PATTERN } from '../roles/role-names.ts';
import { hostLabel } from './host-label.ts';

export interface MachineLine extends KnownMachine {
  /** 1-based. */
  readonly line: number;
}

export interface MachineFault {
  /** 1-based; 0 when the fault belongs to no line. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedMachines {
  readonly machines: readonly MachineLine[];
  readonly faults: readonly MachineFault[];
}

/** Some thousand lines; what is longer is no list that a person keeps. */
export const MAX_MACHINES_BYTES = 256 * 1024;

const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;
const SETTING = /^([a-z][a-z0-9-]*)=(.*)$/;

/** Parses the text of one list. Never throws. */
export function parseMachines(text: string): ParsedMachines {
  if (text.length > MAX_MACHINES_BYTES) {
    return { machines: [], faults: [{ line: 0, message: `longer than ${MAX_MACHINES_BYTES} bytes` }] };
  }
  const machines: MachineLine[] = [];
  const faults: MachineFault[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw.replace(/#.*/, '').split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const line = index + 1;
    const machine = parseLine(words, line);
    const message = typeof machine === 'string' ? machine : twiceFault(machine, machines);
    if (message !== undefined) faults.push({ line, message });
    else if (typeof machine !== 'string') machines.push(machine);
  }
  return { machines, faults };
}

function parseLine([macText = '', nameText, ...rest]: readonly string[], line: number): MachineLine | string {
  if (!MAC.test(macText)) return `'${macText}' is no MAC address (52:54:00:12:34:56)`;
  const name = nameText?.includes('.') ? undefined : hostLabel(nameText);
  if (name === undefined) return `'${nameText ?? ''}' is no host name (letters, digits and -, 63 at most)`;
  const address = rest[0]?.includes('=') ? undefined : rest[0];
  if (address !== undefined && addressNumber(address) === undefined) return `'${address}' is no IPv4 address`;
  const settings = parseSettings(address === undefined ? rest : rest.slice(1));
  if (typeof settings === 'string') return settings;
  const { role, ...others } = settings;
  if (role !== undefined && !NAME_PATTERN.test(role))
    return `'${role}' is no role name (lower-case words joined by '-')`;
  const mac = macText.toLowerCase().replaceAll('-', ':');
  return { line, mac, name, ...(address ? { address } : {}), ...(role ? { role } : {}), settings: others };
}

function parseSettings(words: readonly string[]): Record<string, string> | string {
  const settings: Record<string, string> = {};
  for (const word of words) {
    const [, key, value = ''] = SETTING.exec(word) ?? [];
    if (key === undefined) return `'${word}' is neither the address behind the name nor key=value`;
    if (Object.hasOwn(settings, key)) return `${key}= is there twice`;
    settings[key] = value;
  }
  return settings;
}

function twiceFault(machine: MachineLine, before: readonly MachineLine[]): string | undefined {
  for (const what of ['mac', 'name', 'address'] as const) {
    const other = before.find((known) => machine[what] !== undefined && known[what] === machine[what]);
    if (other) return `${machine[what]} is in line ${other.line} already`;
  }
  return undefined;
}
