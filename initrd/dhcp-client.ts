// The DHCP client of an interface: busybox's udhcpc, which renews the lease for as long as the machine runs, beyond the process that started it.

import type { Log } from '../src/log.ts';
import type { Running, Sys } from '../src/sys/sys.ts';
import { type DhcpEvent, parseDhcpEvent } from './dhcp-lease.ts';
import type { NetworkFacts } from './network.ts';

/** By a name that systemd's shutdown passes over (watch.sh): it would signal a child of ours, hear nothing of its end, and look again after 10 s. */
const BUSYBOX = '@viver/busybox';
const SCRIPT = '/app/initrd/udhcpc.sh';
const pidFile = (interfaceName: string) => `/run/udhcpc.${interfaceName}.pid`;

/**
 * Asks for an address until it is stopped: four requests, a second apart, then a pause of three.
 * @param wish The address that it would like to have.
 */
export function startDhcpClient(
  sys: Sys,
  interfaceName: string,
  onEvent: (event: DhcpEvent) => void,
  wish?: string,
): Running {
  const files = ['-s', SCRIPT, '-p', pidFile(interfaceName)];
  const args = ['udhcpc', '-f', '-i', interfaceName, ...files, '-t', '4', '-T', '1', '-A', '3', '-O', 'ntpsrv'];
  return sys.follow(BUSYBOX, [...args, ...(wish ? ['-r', wish] : [])], (line) => onEvent(parseDhcpEvent(line)));
}

/** Goes on with an address that this machine got from a DHCP server while another process ran: a client of our own takes the place of that one's. */
export async function keepLease(sys: Sys, log: Log, { name, address }: NetworkFacts): Promise<void> {
  await endLeftClient(sys, name);
  startDhcpClient(
    sys,
    name,
    (event) => {
      if (event.kind !== 'bound' || event.lease.address === address) return;
      log.warn(`${name}: the DHCP server now says ${event.lease.address}; ${address} is kept, the root hangs on it`);
    },
    address,
  );
}

/** The client that an earlier process left: what it says goes nowhere now. */
async function endLeftClient(sys: Sys, interfaceName: string): Promise<void> {
  const pid = (await sys.readText(pidFile(interfaceName)).catch(() => '')).trim();
  const commandLine = await sys.readText(`/proc/${pid}/cmdline`).catch(() => '');
  if (/^\d+$/.test(pid) && commandLine.startsWith(`${BUSYBOX}\0udhcpc\0`)) await sys.run('kill', [pid]);
}
