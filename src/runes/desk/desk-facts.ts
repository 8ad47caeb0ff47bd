// Facts of a machine that is not there, for runes that run on the desk: one PC of a lab that got its address from a DHCP server. Each can be changed.
// Pure.

import { ViverError } from '../../errors.ts';
import type { Facts, NicFacts } from '../contract/facts.ts';

/** Documentation addresses (RFC 5737) and a locally administered MAC, so that no real machine is meant. */
const DESK_NIC: NicFacts = {
  name: 'eth0',
  mac: '52:54:00:00:00:07',
  address: '192.0.2.107',
  netmask: '255.255.255.0',
  gateway: '192.0.2.1',
  dnsServers: ['192.0.2.1'],
  domainName: 'lab.test',
  addressSource: 'dhcp',
};

/** What a rune is told on the desk, when nobody says anything else. */
export function deskFacts(role: string): Facts {
  return {
    role,
    kernelRelease: '6.1.0-41-amd64',
    commandLine: 'quiet viver.net=dhcp',
    bootNic: DESK_NIC,
    nics: [DESK_NIC],
    machineUuid: '4c4c4544-0000-4000-8000-525400000007',
    ramBytes: 4 * 2 ** 30,
    drives: [],
  };
}

/** Every fact there is, kept complete by the compiler: a misspelt one is to be noticed. */
const FACT_NAMES: Readonly<Record<keyof Facts, true>> = {
  role: true,
  kernelRelease: true,
  commandLine: true,
  bootNic: true,
  nics: true,
  machineUuid: true,
  ramBytes: true,
  drives: true,
  machine: true,
  machines: true,
  bootSet: true,
  field: true,
};

type Json = Readonly<Record<string, unknown>>;

/**
 * The facts with those of a file laid over them, then single ones: `bootNic.mac=52:54:00:12:34:56`. The boot NIC is one of the NICs, unless these are given.
 * @param fileText JSON with some of the facts.
 * @param assignments `NAME=VALUE`, parts of names joined by dots; a value that is JSON counts as such, and `null` takes a fact away.
 * @throws ViverError RUNES_BAD_FACT
 */
export function changedFacts(facts: Facts, fileText: string | undefined, assignments: readonly string[]): Facts {
  const { nics, ...rest } = facts;
  let changed: Json = { ...rest, ...(fileText === undefined ? {} : parseFile(fileText)) };
  for (const assignment of assignments) {
    const [, name, value] = /^([\w.]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || value === undefined)
      throw new ViverError('RUNES_BAD_FACT', `--fact '${assignment}': NAME=VALUE is wanted`);
    changed = withValue(changed, name.split('.'), parseValue(value));
  }
  const unknown = Object.keys(changed).find((name) => !Object.hasOwn(FACT_NAMES, name));
  if (unknown !== undefined) {
    const known = Object.keys(FACT_NAMES).join(', ');
    throw new ViverError('RUNES_BAD_FACT', `there is no fact '${unknown}'; there are ${known}`);
  }
  const { bootNic, ...others } = changed as unknown as Omit<Facts, 'nics'>;
  return bootNic ? { nics: [bootNic], bootNic, ...others } : { nics: [], ...others };
}

function parseFile(text: string): Json {
  try {
    const facts: unknown = JSON.parse(text);
    if (typeof facts === 'object' && facts !== null && !Array.isArray(facts)) return facts as Json;
  } catch (cause) {
    throw new ViverError('RUNES_BAD_FACT', `the facts file is no JSON: ${(cause as Error).message}`, { cause });
  }
  throw new ViverError('RUNES_BAD_FACT', 'the facts file holds no JSON object');
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withValue(object: Json, [name = '', ...rest]: readonly string[], value: unknown): Json {
  const { [name]: before, ...others } = object;
  if (rest.length > 0) return { ...object, [name]: withValue((before ?? {}) as Json, rest, value) };
  return value === null ? others : { ...object, [name]: value };
}

/** A line for each fact, with the name that `--fact` takes. NICs are left out: the boot NIC is shown. */
export function formatFacts(facts: Facts): string {
  const { nics: _, ...rest } = facts;
  return leaves(rest as unknown as Json, '')
    .map(([name, value]) => `  ${name}=${value}\n`)
    .join('');
}

function leaves(object: Json, prefix: string): [string, string][] {
  return Object.entries(object).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isGroup) return leaves(value as Json, `${prefix}${name}.`);
    return [[prefix + name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}
