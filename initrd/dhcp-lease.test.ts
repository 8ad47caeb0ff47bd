import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDhcpEvent } from './dhcp-lease.ts';

test('a bound lease', () => {
  const line =
    'event=bound interface=eth0 address=10.77.0.57 netmask=255.255.255.0 routers=10.77.0.1 dns=10.77.0.1,9.9.9.9 domain= host=pc-1a server=10.77.0.1 ntp=10.77.0.2,x seconds=3600';
  expect(parseDhcpEvent(line)).toEqual({
    kind: 'bound',
    interfaceName: 'eth0',
    lease: {
      address: '10.77.0.57',
      netmask: '255.255.255.0',
      routers: ['10.77.0.1'],
      dnsServers: ['10.77.0.1', '9.9.9.9'],
      ntpServers: ['10.77.0.2'],
      hostName: 'pc-1a',
      server: '10.77.0.1',
    },
  });
});

test('what a server says is checked', () => {
  const event = parseDhcpEvent(
    'event=bound interface=eth0 address=10.1.1.2 netmask= host=$(reboot) domain=a;b dns=x,1.1.1.1',
  );
  expect(event).toEqual({
    kind: 'bound',
    interfaceName: 'eth0',
    lease: { address: '10.1.1.2', netmask: '255.255.255.0', routers: [], dnsServers: ['1.1.1.1'] },
  });
});

test('no answer, and other events', () => {
  expect(parseDhcpEvent('event=leasefail interface=eth1 address=')).toEqual({
    kind: 'unanswered',
    interfaceName: 'eth1',
  });
  expect(parseDhcpEvent('event=deconfig interface=eth1')).toEqual({ kind: 'other', name: 'deconfig' });
  fc.assert(fc.property(fc.string(), (line) => Boolean(parseDhcpEvent(line).kind)));
});
