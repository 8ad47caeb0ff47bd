import { expect, test } from 'vitest';
import { sampleFacts } from '../../testing/room.ts';
import { dhcpcdText, interfacesText, otherInterfaces } from './network-files.ts';

const nic = sampleFacts.bootNic!;

test('ifupdown: the boot NIC, its VLANs and bridges become comments, other cards come up where they are there', () => {
  const image = `source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# the office
auto eth0
iface eth0 inet static
    address 192.168.1.7/24
    gateway 192.168.1.1

auto eth0.5
iface eth0.5 inet dhcp

auto ens19
iface ens19 inet dhcp

auto br0
iface br0 inet dhcp
    bridge_ports eth0 ens19
`;
  expect(otherInterfaces(image, nic)).toBe(`source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# the office
# not on this machine (viver): auto eth0
# not on this machine (viver): iface eth0 inet static
# not on this machine (viver):     address 192.168.1.7/24
# not on this machine (viver):     gateway 192.168.1.1

# not on this machine (viver): auto eth0.5
# not on this machine (viver): iface eth0.5 inet dhcp

allow-hotplug ens19
iface ens19 inet dhcp

allow-hotplug br0
# not on this machine (viver): iface br0 inet dhcp
# not on this machine (viver):     bridge_ports eth0 ens19
`);
  const once = interfacesText(image, nic);
  expect(once).toContain('\niface eth0 inet manual\n');
  expect(interfacesText(once, nic)).toBe(once);
  expect(otherInterfaces(otherInterfaces(image, nic), nic)).toBe(otherInterfaces(image, nic));
});

test('without a boot NIC only the waiting for missing cards goes', () => {
  expect(otherInterfaces('auto eth0\niface eth0 inet dhcp\n', undefined)).toBe(
    'allow-hotplug eth0\niface eth0 inet dhcp\n',
  );
});

test('dhcpcd keeps off the boot NIC, once', () => {
  const once = dhcpcdText('hostname\n', nic);
  expect(once).toMatch(/\ndenyinterfaces eth0\nnohook resolv\.conf\nhostname\n$/);
  expect(dhcpcdText(once, nic)).toBe(once);
});
