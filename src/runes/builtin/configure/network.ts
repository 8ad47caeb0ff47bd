// Rune network: the distribution's own network set-up keeps off the NIC that the machine boots and may have its root on; whichever of ifupdown, dhcpcd,
// NetworkManager, systemd-networkd and cloud-init the image has. Other cards are left to it. netplan needs nothing: it makes settings for the others, and
// ours come first. Services that wait for "online" would wait for a
// NIC that nobody manages, so they are masked: the machine is online.

import * as z from 'zod/mini';
import type { NicFacts } from '../../contract/facts.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { maskUnits } from './mask-units.ts';
import {
  cloudInitText,
  dhclientHookText,
  dhcpcdText,
  interfacesText,
  linkText,
  networkdText,
  networkManagerText,
  otherInterfaces,
  resolvText,
} from './network-files.ts';

const WAITING_UNITS = [
  'systemd-networkd-wait-online.service',
  'NetworkManager-wait-online.service',
  'ifupdown-wait-online.service',
];
const INTERFACES = '/etc/network/interfaces';
const DHCPCD = '/etc/dhcpcd.conf';
const DHCLIENT_HOOKS = '/etc/dhcp/dhclient-enter-hooks.d';

export const network = defineRune({
  name: 'network',
  version: 1,
  stage: 'configure',
  summary: "the boot NIC is ours: the distribution's own network set-up keeps off it",
  offers: [],
  needs: [],
  settings: z.object({
    resolvConf: z
      .optional(z.string())
      .check(
        z.describe(
          'set by the host process: a file that it keeps up to date, to which /etc/resolv.conf becomes a link; unset: the addresses known now are written',
        ),
      ),
  }),
  async start({ facts: { bootNic }, files, log, settings: { resolvConf } }) {
    const switched = await Promise.all([
      switchIfupdown(files, bootNic),
      switchNetworkManager(files, bootNic),
      switchSystemd(files, bootNic),
      switchDhcpClients(files, bootNic),
      switchCloudInit(files),
      maskWaiting(files),
      writeResolvConf(files, bootNic, resolvConf),
    ]);
    const names = switched.filter((name) => name !== undefined);
    log.info(`${bootNic?.name ?? 'no NIC'} kept from ${names.join(', ') || 'nobody: the image has no network set-up'}`);
  },
});

async function writeResolvConf(
  files: RootFiles,
  nic: NicFacts | undefined,
  kept: string | undefined,
): Promise<undefined> {
  if (kept) await files.symlink(kept, '/etc/resolv.conf');
  else await files.writeText('/etc/resolv.conf', resolvText(nic));
}

async function switchIfupdown(files: RootFiles, nic: NicFacts | undefined): Promise<string | undefined> {
  const [text, names] = await Promise.all([files.readText(INTERFACES), files.list(`${INTERFACES}.d`)]);
  if (text === undefined) return undefined;
  const parts = names.map((name) => `${INTERFACES}.d/${name}`);
  await Promise.all([
    files.writeText(INTERFACES, interfacesText(text, nic)),
    ...parts.map(async (path) => {
      const part = (await files.readText(path)) ?? '';
      const other = otherInterfaces(part, nic);
      if (other !== part) await files.writeText(path, other);
    }),
  ]);
  return 'ifupdown';
}

/** Those that ifupdown starts for another card, or that look after all cards by themselves. */
async function switchDhcpClients(files: RootFiles, nic: NicFacts | undefined): Promise<string | undefined> {
  const [hasDhclient, dhcpcd] = await Promise.all([files.exists('/etc/dhcp/dhclient.conf'), files.readText(DHCPCD)]);
  await Promise.all([
    hasDhclient ? files.writeText(`${DHCLIENT_HOOKS}/viver`, dhclientHookText) : undefined,
    dhcpcd !== undefined && nic ? files.writeText(DHCPCD, dhcpcdText(dhcpcd, nic)) : undefined,
  ]);
  return [hasDhclient ? 'dhclient' : '', dhcpcd === undefined ? '' : 'dhcpcd'].filter(Boolean).join(', ') || undefined;
}

async function switchNetworkManager(files: RootFiles, nic: NicFacts | undefined): Promise<string | undefined> {
  if (!(await files.exists('/etc/NetworkManager'))) return undefined;
  await files.writeText('/etc/NetworkManager/conf.d/90-viver.conf', networkManagerText(nic));
  return 'NetworkManager';
}

/** systemd's folder is udev's too: the name is kept even where networkd is not in use. */
async function switchSystemd(files: RootFiles, nic: NicFacts | undefined): Promise<string | undefined> {
  if (!nic || !(await files.exists('/etc/systemd'))) return undefined;
  await Promise.all([
    files.writeText('/etc/systemd/network/05-viver-boot-nic.network', networkdText(nic)),
    files.writeText('/etc/systemd/network/05-viver-boot-nic.link', linkText(nic)),
  ]);
  return 'systemd-networkd and udev';
}

async function switchCloudInit(files: RootFiles): Promise<string | undefined> {
  if (!(await files.exists('/etc/cloud/cloud.cfg'))) return undefined;
  await files.writeText('/etc/cloud/cloud.cfg.d/99-viver-network.cfg', cloudInitText);
  return 'cloud-init';
}

async function maskWaiting(files: RootFiles): Promise<string | undefined> {
  return (await maskUnits(files, WAITING_UNITS)).join(', ') || undefined;
}
