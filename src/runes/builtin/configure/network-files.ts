// The files that keep a distribution's own network set-up off the NIC that the root may hang on. One function per kind of set-up, text only. Pure.
// interfaces(5), NetworkManager.conf(5), systemd.network(5), systemd.link(5), resolv.conf(5).

import type { NicFacts } from '../../contract/facts.ts';

/** What is no longer so on this machine. */
const MARK = '# not on this machine (viver): ';
const HEAD = '# Written by Viver at every start: this machine got its network before the system started,\n';

/**
 * /etc/network/interfaces, or a file of interfaces.d: what speaks of the boot NIC becomes a comment; other cards come up as they do in the image, but
 * only where there are such (`auto` waits for a card, and fails without).
 */
export function otherInterfaces(text: string, nic: NicFacts | undefined): string {
  const stanzas = text.split(
    /^(?=\s*(?:auto|allow-\S+|no-auto-down|no-scripts|iface|mapping|source|source-directory|rename)\s)/m,
  );
  return stanzas.map((stanza) => (isAbout(stanza, nic) ? asComment(stanza) : asHotplug(stanza))).join('');
}

/** The text of /etc/network/interfaces: that of the image, with the boot NIC named so that `ifup -a` and people know it is spoken for. */
export function interfacesText(text: string, nic: NicFacts | undefined): string {
  if (text.startsWith(HEAD)) return text;
  const boot = nic ? `# set up by Viver\niface ${nic.name} inet manual\n\n` : '';
  return `${HEAD}# and may have its root on it. Other cards are the image's business.\n${boot}${otherInterfaces(text, nic)}`;
}

function isAbout(stanza: string, nic: NicFacts | undefined): boolean {
  const words = stanza.replace(/^\s*#.*/gm, '').split(/[\s,]+/);
  return nic !== undefined && words.some((word) => word.split(/[.:]/, 1)[0] === nic.name);
}

function asComment(stanza: string): string {
  return stanza.replace(/^(?=[^#\n])/gm, `${MARK}`);
}

function asHotplug(stanza: string): string {
  const [, names] = /^\s*auto\s+(.*)/.exec(stanza) ?? [];
  return names === undefined || /^lo\s*$/.test(names) ? stanza : stanza.replace(/^\s*auto/, 'allow-hotplug');
}

/** dhclient, for another card, leaves /etc/resolv.conf alone (dhclient-script(8), hooks). */
export const dhclientHookText = `${HEAD}# and the name servers with it.\nmake_resolv_conf() { :; }\n`;

/** dhcpcd.conf(5) with the boot NIC and /etc/resolv.conf left out. */
export function dhcpcdText(text: string, nic: NicFacts): string {
  const own = `${HEAD}denyinterfaces ${nic.name}\nnohook resolv.conf\n`;
  return text.startsWith(own) ? text : own + text;
}

/** NetworkManager leaves the NIC and /etc/resolv.conf alone; by name too, since some drivers know no permanent MAC. */
export function networkManagerText(nic: NicFacts | undefined): string {
  const unmanaged = nic ? `\n[keyfile]\nunmanaged-devices+=mac:${nic.mac};interface-name:=${nic.name}\n` : '';
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
