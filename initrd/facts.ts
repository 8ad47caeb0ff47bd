// What the runes are told about this machine, out of what the phases found.

import type { BootSetFacts, DriveFacts, Facts, NicFacts } from '../src/runes/contract/facts.ts';
import type { Field } from '../src/vfield/field.ts';
import { formatMagnet } from '../src/vfield/magnet.ts';
import type { BootMedium } from './boot-medium.ts';
import type { Machine } from './machine.ts';
import type { Interface, NetworkFacts } from './network.ts';

/** Where the runtime keeps iPXE and the other loaders. */
const LOADERS = '/boot';

/** What was found at the start, as plain data: a process that takes over goes on with it (record.ts). */
export interface Findings {
  readonly role: string;
  /** The interface that the machine booted from or serves on; its address may not be known yet. */
  readonly nic?: Interface;
  readonly network?: NetworkFacts;
  readonly bootMedium?: BootMedium;
  readonly drives?: readonly DriveFacts[];
  /** Parts of the initrd that others get behind the medium's own. */
  readonly initrdParts?: readonly string[];
  /** The key of the room, 32 bytes as base64url: who has it is a member. No fact: runes are not told. */
  readonly roomKey?: string;
  /** The part of the initrd that hands the key on. */
  readonly keyPart?: string;
}

export function factsOf(findings: Findings, machine: Machine, field: Field): Facts {
  const { role, nic, network, bootMedium, drives, initrdParts, keyPart } = findings;
  const card = network ?? nic;
  const bootNic = card && nicFacts(card, network);
  return {
    role,
    kernelRelease: machine.kernelRelease,
    commandLine: machine.commandLine,
    ramBytes: machine.ramBytes,
    drives: drives ?? [],
    nics: bootNic ? [bootNic] : [],
    ...(bootNic ? { bootNic } : {}),
    ...(machine.uuid ? { machineUuid: machine.uuid } : {}),
    ...(bootMedium ? { bootSet: bootSetFacts(bootMedium, initrdParts, keyPart) } : {}),
    field: { magnet: magnetOf(field, network), port: field.port, label: field.metainfo.image.label },
  };
}

function nicFacts({ name, mac }: Interface, network?: NetworkFacts): NicFacts {
  if (!network) return { name, mac, dnsServers: [], addressSource: 'none' };
  const gateway = network.routers[0];
  return {
    name,
    mac,
    address: network.address,
    netmask: network.netmask,
    dnsServers: network.dnsServers,
    addressSource: network.origin,
    ...(gateway ? { gateway } : {}),
    ...(network.ntpServers ? { ntpServers: network.ntpServers } : {}),
    ...(network.domain ? { domainName: network.domain } : {}),
    ...(network.hostName ? { hostName: network.hostName } : {}),
  };
}

function bootSetFacts(
  { bootSet, directory }: BootMedium,
  parts: readonly string[] = [],
  keyPart?: string,
): BootSetFacts {
  return {
    kernel: `${directory}/${bootSet.kernel}`,
    initrdParts: [`${directory}/${bootSet.initrd}`, ...parts],
    loaders: LOADERS,
    ...(keyPart ? { keyPart } : {}),
  };
}

function magnetOf({ metainfo, port }: Field, network?: NetworkFacts): string {
  const { infoHashV2, name } = metainfo;
  return formatMagnet({ infoHashV2, name, peers: network ? [`${network.address}:${port}`] : [] });
}
