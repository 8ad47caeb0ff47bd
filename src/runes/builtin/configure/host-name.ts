// Rune host-name: /etc/hostname and the line of /etc/hosts that goes with it. Debian's convention: 127.0.1.1 for a host whose address may change.

import * as z from 'zod/mini';
import { ViverError } from '../../../errors.ts';
import type { Facts } from '../../contract/facts.ts';
import { defineRune } from '../../contract/rune.ts';
import { hostLabel } from '../../machines/host-label.ts';
import { machineNameOf } from './machine-name.ts';

const NEW_HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

export const hostName = defineRune({
  name: 'host-name',
  version: 1,
  stage: 'configure',
  summary: 'a host name that no other machine has, from the list of machines, the DHCP server or the MAC',
  offers: [],
  needs: [],
  settings: z.object({
    hosts: z
      .optional(z.string())
      .check(z.describe('set by the host process: a file that it keeps up to date; /etc/hosts becomes a link to it')),
  }),
  async start({ facts, files, log, settings: { hosts: kept } }) {
    const { name, why } = chooseName(facts);
    const hosts = await files.readText('/etc/hosts');
    await Promise.all([
      files.writeText('/etc/hostname', `${name}\n`),
      files.writeText(kept ?? '/etc/hosts', withOwnName(hosts ?? NEW_HOSTS, name, facts.bootNic?.domainName)),
      kept ? files.symlink(kept, '/etc/hosts') : undefined,
    ]);
    log.info(`host name ${name}, ${why}`);
  },
});

/** @throws ViverError RUNES_NO_IDENTITY for a machine without NIC and UUID. */
export function chooseName({ bootNic, nics, machine, machineUuid }: Facts): { name: string; why: string } {
  if (machine) return { name: machine.name, why: 'as the list of machines says' };
  const given = hostLabel(bootNic?.hostName);
  if (given) return { name: given, why: 'as the DHCP server says' };
  const nic = bootNic ?? nics[0];
  if (nic) return { name: machineNameOf(nic.mac), why: `from the MAC of ${nic.name}` };
  if (machineUuid) return { name: machineNameOf(machineUuid.replaceAll('-', '')), why: "from the machine's UUID" };
  throw new ViverError(
    'RUNES_NO_IDENTITY',
    'no NIC and no machine UUID to make a host name from: the one of the image stays',
  );
}

/** /etc/hosts with one line for 127.0.1.1, in the place of the old one or behind the first line. */
export function withOwnName(hosts: string, name: string, domain?: string): string {
  const own = `127.0.1.1\t${domain ? `${name}.${domain} ` : ''}${name}`;
  const lines = hosts.replace(/\n$/, '').split('\n');
  const isOwn = (line: string) => /^\s*127\.0\.1\.1\s/.test(line);
  const place = lines.findIndex(isOwn);
  const others = lines.filter((line) => !isOwn(line));
  const at = place >= 0 ? place : Math.min(1, others.length);
  return `${[...others.slice(0, at), own, ...others.slice(at)].join('\n')}\n`;
}
