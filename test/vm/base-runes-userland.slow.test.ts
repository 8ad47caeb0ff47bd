// The base runes on whole Debian systems whose init runs in namespaces: the checks of the guests that need no machine, and the way down. Seconds, where
// base-runes.slow.test.ts takes minutes. Needs root, mmdebstrap, dnsmasq; the systems are made when they are missing.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDebianSystem } from '../../lab/debian.ts';
import { macOf } from '../../lab/machine.ts';
import { makeRoomKey } from '../../src/cluster/room-key.ts';
import { silentLog } from '../../src/log.ts';
import { createWire, type Wire, type WireHost } from '../interop/wire.ts';
import type { Check, GuestName } from './base-runes/check.ts';
import { CHECKS } from './base-runes/checks.ts';
import { type BenchKeys, MEDIUM_FOLDER, makeUsers } from './base-runes/medium.ts';
import { SYSTEMS } from './base-runes/systems.ts';
import { Userland } from './base-runes/userland.ts';

const PREPARE_MS = 600_000;
const ADDRESSES = { first: '10.77.0.1', node: '10.77.0.7' } as const;
const GUESTS = ['first', 'node'] as const;

describe.each(SYSTEMS)('Debian $version', ({ version, directory, recipe }) => {
  const wires: Wire[] = [];
  const hosts = new Map<GuestName, WireHost>();
  const systems = new Map<GuestName, Userland>();
  let medium: string;
  let keys: BenchKeys;

  beforeAll(async () => {
    const { root } = await makeDebianSystem(directory, silentLog, recipe);
    medium = await mkdtemp(join(tmpdir(), 'viver-userland-medium-'));
    await cp(MEDIUM_FOLDER, join(medium, 'RUNES'), { recursive: true });
    const { sshKey, users } = await makeUsers(medium);
    await writeFile(join(medium, 'RUNES', 'users'), users);
    keys = { sshKey, roomKey: makeRoomKey() };
    wires.push(createWire(`vuser${version}`), createWire(`vsecond${version}`));
    const [room, second] = wires as [Wire, Wire];
    for (const name of GUESTS) hosts.set(name, room.host(name, { address: `${ADDRESSES[name]}/24`, mac: macOf(name) }));
    second.plug(hosts.get('node')!, 'ens7', { mac: macOf('node-second') });
    const dhcp = ['-d', '-C', '/dev/null', '--port=0', '--dhcp-range=10.0.2.15,10.0.2.20', '--leasefile-ro'];
    second.host('dhcp', { address: '10.0.2.2/24' }).start('dnsmasq', [...dhcp, '--dhcp-option=6,10.0.2.3']);
    await Promise.all(GUESTS.map(async (name) => systems.set(name, await start(name, root))));
  }, PREPARE_MS);

  const start = (name: GuestName, root: string) =>
    Userland.start(hosts.get(name)!, root, {
      medium,
      roomKey: keys.roomKey,
      nic: {
        ...{ name: 'eth0', mac: macOf(name), address: ADDRESSES[name], netmask: '255.255.255.0' },
        ...{ dnsServers: [], addressSource: 'own' },
      },
    });

  afterAll(async () => {
    await Promise.all([...systems.values()].map((system) => system.close()));
    await Promise.all(wires.map((wire) => wire.close()));
    await rm(medium, { recursive: true, force: true });
  });

  for (const name of GUESTS) {
    const wanted = CHECKS.filter(
      ({ inUserland, on = name, version: only = version }) => inUserland && on === name && only === version,
    );
    test.each<Check>(wanted)(`${name}: $rune: $title`, async (check) => {
      const machine = systems.get(name)!;
      const sh = async (script: string) => {
        const { status, stdout, stderr } = await machine.agent.shell(script);
        expect({ script, status, stderr }).toMatchObject({ status: 0 });
        return stdout.trim();
      };
      await check.run({ name, version, machine, other: systems.get(name === 'first' ? 'node' : 'first')!, keys, sh });
    });
  }

  test.each(GUESTS)('%s: shut down, it has left the boot NIC up, with its address', async (name) => {
    await systems.get(name)!.powerOff();
    const { stdout } = hosts.get(name)!.run('ip', ['-4', '-o', 'address', 'show', 'up', 'dev', 'eth0']);
    expect(stdout).toContain(`inet ${ADDRESSES[name]}/24`);
  });
});
