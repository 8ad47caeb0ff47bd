import { expect } from 'vitest';
import { macOf } from '../../../lab/machine.ts';
import type { Check } from './check.ts';

/** What the system calls the card with the MAC that the lab gives to this name: with two cards, the boot NIC need not be eth0. */
const cardOf = (name: string) => `$(basename "$(dirname "$(grep -l ${macOf(name)} /sys/class/net/*/address)")")`;

export const network: readonly Check[] = [
  {
    rune: 'network',
    title: 'the boot NIC keeps name and address',
    inUserland: true,
    run: async ({ name, sh }) => {
      const nic = await sh(`echo ${cardOf(name)}`);
      expect(nic).toMatch(/^eth\d$/);
      expect(await sh(`ip -4 -o address show dev ${nic}`)).toMatch(/inet 10\.77\.0\.\d+\/24/);
    },
  },
  {
    rune: 'network',
    title: 'no DHCP client of the distribution is on the boot NIC',
    inUserland: true,
    run: async ({ name, sh }) => {
      const nic = await sh(`echo ${cardOf(name)}`);
      expect(await sh('pgrep -a "dhclient|dhcpcd" || true')).not.toContain(nic);
      expect(await sh('nmcli -t -f DEVICE,STATE device')).toContain(`${nic}:unmanaged`);
    },
  },
  {
    rune: 'network',
    title: 'networkd leaves the boot NIC alone',
    version: 13,
    inUserland: true,
    run: async ({ name, sh }) => {
      expect(await sh('systemctl is-active systemd-networkd')).toBe('active');
      expect(await sh(`networkctl --no-legend --no-pager list ${cardOf(name)}`)).toContain('unmanaged');
    },
  },
  {
    rune: 'network',
    title: 'a second card gets its address by the set-up of the image',
    on: 'node',
    inUserland: true,
    run: async ({ sh }) => {
      const question = `ip -4 -o address show dev ${cardOf('node-second')}`;
      await expect.poll(() => sh(question), { timeout: 60_000, interval: 2000 }).toMatch(/inet 10\.0\.2\.\d+\/24/);
    },
  },
  {
    rune: 'network',
    title: '/etc/resolv.conf is ours, and a name without a server fails at once',
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('readlink /etc/resolv.conf')).toBe('/run/viver/resolv.conf');
      const started = Date.now();
      await sh('! getent hosts no.such.host.example');
      expect(Date.now() - started).toBeLessThan(8000);
    },
  },
  {
    rune: 'network',
    title: 'nobody waited for "online", and no unit of the network failed',
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('systemctl is-active network-online.target || true')).not.toBe('failed');
      expect(await sh('systemctl list-units --failed --plain --no-legend')).toBe('');
      const waiting = await sh('systemd-analyze blame --no-pager | grep -i "wait-online" || true');
      expect(waiting).toBe('');
    },
  },
];
