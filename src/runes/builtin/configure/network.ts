// Rune network: the distribution's own network set-up is switched off for the NIC that the machine boots and may have its root on; whichever of
// ifupdown, NetworkManager, systemd-networkd, netplan and cloud-init the image has. Services that wait for "online" would wait for a
// NIC that nobody manages, so they are masked: the machine is online.

import * as z from 'zod/mini';
import type { NicFacts } from '../../contract/facts.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import {
  cloudInitText,
  interfacesText,
  linkText,
  networkdText,
  networkManagerText,
  resolvText,
} from './network-files.ts';

const WAITING_UNITS = [
  'systemd-networkd-wait-online.service',
  'NetworkManager-wait-online.service',
  'ifupdown-wait-online.service',
];
const UNIT_DIRECTORIES = ['/usr/lib/systemd/system', '/lib/systemd/system', '/etc/systemd/system'];

export const network = defineRune({
  name: 'network',
  version: 1,
  stage: 'configure',
  summary: "the boot NIC is ours: the distribution's own network set-up keeps off it",
  offers: [],
  needs: [],
  settings: z.object({
    /** A file that the host process keeps up to date; /etc/resolv.conf becomes a link to it. Without it the addresses known now are written. */
    resolvConf: z.optional(z.string()),
  }),
  async start({ facts: { bootNic }, files, log, settings: { resolvConf } }) {
    const switched = await Promise.all([
      switchIfupdown(files, bootNic),
      switchNetworkManager(files, bootNic),
      switchSystemd(files, bootNic),
      switchNetplan(files),
      switchCloudInit(files),
      maskWaitingUnits(files),
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
  if (!(await files.exists('/etc/network/interfaces'))) return undefined;
  await files.writeText('/etc/network/interfaces', interfacesText(nic));
  return 'ifupdown';
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

/** netplan's generator makes settings for the others from these files at every start. */
async function switchNetplan(files: RootFiles): Promise<string | undefined> {
  const plans = (await files.list('/etc/netplan')).filter((name) => name.endsWith('.yaml'));
  await Promise.all(plans.map((name) => files.remove(`/etc/netplan/${name}`)));
  return plans.length > 0 ? 'netplan' : undefined;
}

async function switchCloudInit(files: RootFiles): Promise<string | undefined> {
  if (!(await files.exists('/etc/cloud/cloud.cfg'))) return undefined;
  await files.writeText('/etc/cloud/cloud.cfg.d/99-viver-network.cfg', cloudInitText);
  return 'cloud-init';
}

async function maskWaitingUnits(files: RootFiles): Promise<string | undefined> {
  const masked = await Promise.all(
    WAITING_UNITS.map(async (unit) => {
      const places = await Promise.all(UNIT_DIRECTORIES.map((directory) => files.exists(`${directory}/${unit}`)));
      if (!places.includes(true)) return undefined;
      await files.symlink('/dev/null', `/etc/systemd/system/${unit}`);
      return unit.replace('.service', '');
    }),
  );
  return masked.filter((unit) => unit !== undefined).join(', ') || undefined;
}
