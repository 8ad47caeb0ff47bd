// The machine's facts as environment variables, for scripts: in hooks, and in /run/viver/facts.env for whoever reads it (systemd's EnvironmentFile=,
// a shell's `.`). Pure. Documented in docs/runes.md.

import type { Facts } from '../contract/facts.ts';

/** Name -> value; what is not known is left out. */
export type Environment = Readonly<Record<string, string>>;

export function factsEnvironment(facts: Facts, hostName: string | undefined): Environment {
  const nic = facts.bootNic;
  const values: Record<string, string | undefined> = {
    VIVER_ROLE: facts.role,
    VIVER_HOST_NAME: hostName,
    VIVER_KERNEL: facts.kernelRelease,
    VIVER_IMAGE: facts.field?.label,
    VIVER_UUID: facts.machineUuid,
    VIVER_RAM_BYTES: facts.ramBytes?.toString(),
    VIVER_NIC: nic?.name,
    VIVER_MAC: nic?.mac,
    VIVER_ADDRESS: nic?.address,
    VIVER_NETMASK: nic?.netmask,
    VIVER_GATEWAY: nic?.gateway,
    VIVER_DNS: nic?.dnsServers.join(' ') || undefined,
    VIVER_DOMAIN: nic?.domainName,
  };
  // `seat=3b` of the machine's line in RUNES/machines.
  for (const [key, value] of Object.entries(facts.machine?.settings ?? {})) {
    values[`VIVER_MACHINE_${key.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`] = value;
  }
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, oneLine(value)]])),
  );
}

/** A file that systemd and sh both read: each value in double quotes, with what is special there escaped. */
export function formatEnvironmentFile(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}="${value.replace(/["\\`$]/g, '\\$&')}"\n`)
    .join('');
}

function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into a file of lines.
  return value.replace(/[\0-\x1f]+/g, ' ');
}
