// The base runes on a system that has next to nothing for them (no SSH server, no NetworkManager, no LVM, no udisks): the demonstration's, its init in
// namespaces. Each rune that has nothing to do says so, and the system is well. Needs root; the system is made when it is missing.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDebianSystem } from '../../lab/debian.ts';
import { LAB_DIRECTORY } from '../../lab/room-paths.ts';
import { makeRoomKey } from '../../src/cluster/room-key.ts';
import { silentLog } from '../../src/log.ts';
import { createWire, type Wire, type WireHost } from '../interop/wire.ts';
import { Userland } from './base-runes/userland.ts';

let wire: Wire;
let host: WireHost;
let system: Userland;
let medium: string;

beforeAll(async () => {
  const { root } = await makeDebianSystem(LAB_DIRECTORY, silentLog);
  medium = await mkdtemp(join(tmpdir(), 'viver-plain-medium-'));
  wire = createWire('vplain');
  const nic = { name: 'eth0', mac: '52:54:00:12:34:56', address: '10.77.0.9', netmask: '255.255.255.0' };
  host = wire.host('pc', { address: `${nic.address}/24`, mac: nic.mac });
  system = await Userland.start(host, root, {
    medium,
    roomKey: makeRoomKey(),
    nic: { ...nic, dnsServers: [], addressSource: 'dhcp' },
  });
}, 600_000);

afterAll(async () => {
  await system?.close();
  await wire?.close();
  await rm(medium, { recursive: true, force: true });
});

const sh = async (script: string) => (await system.agent.shell(script)).stdout.trim();

test('it runs, no unit failed, and it has its name', async () => {
  expect(await sh('systemctl list-units --failed --plain --no-legend')).toBe('');
  expect(await sh('systemctl is-system-running')).toBe('running');
  expect(await sh('hostname; getent hosts pc-123456')).toMatch(/^pc-123456\n127\.0\.1\.1\s+pc-123456$/);
});

test('what it has not, it does not get', async () => {
  const none = ['/etc/ssh/ssh_host_ed25519_key', '/etc/NetworkManager', '/etc/udev/rules.d/99-viver-local-disks.rules'];
  expect(await sh(`ls -d ${none.join(' ')} 2>/dev/null`)).toBe('');
});

test('its DHCP client has not touched the boot NIC, nor has its way down', async () => {
  expect(await sh('pgrep -a dhclient')).toBe('');
  await system.powerOff();
  expect(host.run('ip', ['-4', '-o', 'address', 'show', 'up', 'dev', 'eth0']).stdout).toContain('inet 10.77.0.9/24');
});
