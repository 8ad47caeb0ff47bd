// The files that keep a distribution's own network set-up off the NIC that the root may hang on. One function per kind of set-up, text only. Pure.
// interfaces(5), NetworkManager.conf(5), systemd.network(5), systemd.link(5), resolv.conf(5).

import type { NicFacts } from '../../contract/facts.ts';

const HEAD = '# Written by Viver at every start: this machine got its network before the system started,\n';

/** /etc/network/interfaces: only lo comes up; the boot NIC is named so that `ifup -a` and people know it is spoken for. */
export function interfacesText(nic: NicFacts | undefined): string {
  const boot = nic ? `\n# set up by Viver\niface ${nic.name} inet manual\n` : '';
  return `${HEAD}# and may have its root on it.\nauto lo\niface lo inet loopback\n${boot}`;
}

/** NetworkManager leaves the NIC and /etc/resolv.conf alone. */
export function networkManagerText(nic: NicFacts | undefined): string {
  const unmanaged = nic ? `\n[keyfile]\nunmanaged-devices=mac:${nic.mac}\n` : '';
  return `${HEAD}# and may have its root on it.\n[main]\ndns=none\nrc-manager=unmanaged\n${unmanaged}`;
}

/** systemd-networkd leaves the NIC alone; by its MAC, since its name may differ. */
export function networkdText(nic: NicFacts): string {
  return `${HEAD}# and may have its root on it.\n[Match]\nType=ether\nMACAddress=${nic.mac}\n\n[Link]\nUnmanaged=yes\n`;
}

/** udev keeps the name that the NIC has: a NIC that is up can't be renamed by older kernels (an error in the log), and by newer ones shouldn't. */
export function linkText(nic: NicFacts): string {
  return `${HEAD}# and its NIC is in use: no renaming.\n[Match]\nType=ether\nMACAddress=${nic.mac}\n\n[Link]\nNamePolicy=\nName=${nic.name}\n`;
}

/** cloud-init would write network settings of its own. */
export const cloudInitText = `${HEAD}# and may have its root on it.\nnetwork: {config: disabled}\n`;

/** Without servers glibc asks 127.0.0.1, which refuses at once; the image's own servers would time out. */
export function resolvText(nic: NicFacts | undefined): string {
  const search = nic?.domainName ? `search ${nic.domainName}\n` : '';
  const servers = (nic?.dnsServers ?? []).slice(0, 3).map((server) => `nameserver ${server}\n`);
  return `${HEAD}# by the settings below.\n${search}${servers.join('')}`;
}
