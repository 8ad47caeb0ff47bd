// The configure runes on small trees shaped like the distributions that they are for.

import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Facts } from '../../contract/facts.ts';
import { createDirectoryFiles } from '../../files/directory-files.ts';
import { startRuneHost } from '../../host/start.ts';
import { hostLabel } from '../../machines/host-label.ts';
import { keptLog, sampleFacts } from '../../testing/room.ts';
import { builtinRunes } from '../builtin.ts';
import { rewriteFstab } from './fstab-entries.ts';
import { chooseName, withOwnName } from './host-name.ts';
import { machineIdFor } from './machine-identity.ts';
import { machineNameOf } from './machine-name.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viver-configure-'));
});
afterEach(() => rm(root, { recursive: true }));

async function plant(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), file);
    else await writeFile(file, text);
  }
}

const text = (path: string) => readFile(join(root, path), 'utf8');
const there = (path: string) =>
  lstat(join(root, path)).then(
    () => true,
    () => false,
  );

/** Runs all of role `node` as a machine does, but on the planted tree. */
async function configure(facts: Facts = sampleFacts) {
  const { log, lines } = keptLog();
  const builtin = await Promise.all(Object.values(builtinRunes).map((load) => load()));
  const host = await startRuneHost({
    role: 'node',
    stage: 'configure',
    facts,
    log,
    inWorker: false,
    builtin,
    files: createDirectoryFiles(root),
    services: { hooks: { list: () => ({ configure: [], serve: [], faults: [] }) } },
  });
  await host.stop();
  expect(host.report.faults).toEqual([]);
  expect(host.report.setAside).toEqual([]);
  const changed = Object.fromEntries(host.report.started.map((started) => [started.rune, started.changed]));
  return { changed, lines };
}

const debian12 = {
  'etc/hostname': 'vm\n',
  'etc/hosts': '127.0.0.1\tlocalhost\n127.0.1.1\tvm.example.org vm\n\n::1 localhost ip6-localhost\n',
  'etc/fstab': `# /etc/fstab: static file system information.
UUID=6d6a / ext4 errors=remount-ro 0 1
UUID=1234-ABCD /boot/efi vfat umask=0077 0 1
UUID=77aa none swap sw 0 0
/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0
server:/home /home nfs defaults 0 0
tmpfs /scratch tmpfs size=1g 0 0
`,
  'etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  'etc/network/interfaces':
    'source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\nauto ens18\niface ens18 inet dhcp\n',
  'etc/resolv.conf': 'nameserver 10.255.255.53\n',
  'etc/systemd/system.conf': '',
  'usr/lib/systemd/system/systemd-networkd-wait-online.service': '',
  'var/lib/dbus/machine-id': '0123456789abcdef0123456789abcdef\n',
  'var/lib/systemd/random-seed': 'seed',
};

describe('Debian 12 with ifupdown', () => {
  test('with systemd, the runes leave the room at shutdown while the network is still there', async () => {
    await plant({ ...debian12, 'usr/lib/systemd/systemd': '' });
    const { changed } = await configure();
    const unit = '/etc/systemd/system/viver-leave.service';
    const link = '/etc/systemd/system/multi-user.target.wants/viver-leave.service';
    expect(changed['viver-command']).toEqual([link, unit, '/usr/local/bin/viver']);
    expect(await text(link)).toMatch(/^After=network\.target\n(?:.*\n)*ExecStop=\/usr\/local\/bin\/viver leave\n/m);
  });

  test('all runes together, and what they say that they changed', async () => {
    await plant(debian12);
    const { changed, lines } = await configure();
    expect(changed).toEqual({
      'host-name': ['/etc/hostname', '/etc/hosts'],
      fstab: ['/etc/fstab'],
      users: [],
      'local-disks': [],
      'hardware-detection': [],
      clock: [],
      'ssh-host-keys': [],
      network: [
        '/etc/network/interfaces',
        '/etc/resolv.conf',
        '/etc/systemd/network/05-viver-boot-nic.link',
        '/etc/systemd/network/05-viver-boot-nic.network',
        '/etc/systemd/system/systemd-networkd-wait-online.service',
      ],
      'machine-identity': ['/etc/machine-id', '/var/lib/dbus/machine-id', '/var/lib/systemd/random-seed'],
      display: [],
      home: [],
      'zram-swap': [],
      hooks: [],
      'viver-command': ['/usr/local/bin/viver'],
    });
    expect(lines.some((line) => line.includes('rune fstab started in') && line.includes('changed /etc/fstab'))).toBe(
      true,
    );
    expect(await text('etc/hostname')).toBe('pc-abcdef\n');
    expect(await text('etc/hosts')).toBe('127.0.0.1\tlocalhost\n127.0.1.1\tpc-abcdef\n\n::1 localhost ip6-localhost\n');
    expect(await text('etc/network/interfaces')).toMatch(
      /\n# set up by Viver\niface eth0 inet manual\n\nsource .*\nauto lo\niface lo inet loopback\nallow-hotplug ens18\niface ens18 inet dhcp\n$/,
    );
    expect(await readlink(join(root, 'etc/systemd/system/systemd-networkd-wait-online.service'))).toBe('/dev/null');
    expect(await readlink(join(root, 'var/lib/dbus/machine-id'))).toBe('/etc/machine-id');
    expect(await there('var/lib/systemd/random-seed')).toBe(false);
    expect(await text('etc/resolv.conf')).not.toContain('nameserver');
    expect((await lstat(join(root, 'usr/local/bin/viver'))).mode & 0o777).toBe(0o755);
  });

  test('a second start finds its own work and leaves it the same', async () => {
    await plant(debian12);
    await configure();
    const paths = ['etc/fstab', 'etc/hosts', 'etc/network/interfaces', 'etc/machine-id'];
    const before = await Promise.all(paths.map(text));
    await configure();
    expect(await Promise.all(paths.map(text))).toEqual(before);
  });
});

test('NetworkManager: the NIC is unmanaged, DNS is ours, a link to resolved is replaced', async () => {
  await plant({
    'etc/NetworkManager/NetworkManager.conf': '[main]\nplugins=keyfile\n',
    'usr/lib/systemd/system/NetworkManager-wait-online.service': '',
    'etc/resolv.conf': '-> /run/systemd/resolve/stub-resolv.conf',
  });
  await configure({
    ...sampleFacts,
    bootNic: {
      ...sampleFacts.bootNic!,
      dnsServers: ['10.1.1.1', '10.1.1.2'],
      domainName: 'school.test',
      hostName: 'lab-07.school.test',
    },
  });
  const own = await text('etc/NetworkManager/conf.d/90-viver.conf');
  expect(own).toContain('unmanaged-devices+=mac:52:54:00:ab:cd:ef;interface-name:=eth0\n');
  expect(own).toContain('dns=none\n');
  expect(await text('etc/resolv.conf')).toMatch(
    /\nsearch school\.test\nnameserver 10\.1\.1\.1\nnameserver 10\.1\.1\.2\n$/,
  );
  expect((await lstat(join(root, 'etc/resolv.conf'))).isSymbolicLink()).toBe(false);
  expect(await text('etc/hostname')).toBe('lab-07\n');
  expect(await text('etc/hosts')).toContain('127.0.1.1\tlab-07.school.test lab-07\n');
  expect(await readlink(join(root, 'etc/systemd/system/NetworkManager-wait-online.service'))).toBe('/dev/null');
  expect(await there('etc/network/interfaces')).toBe(false);
});

test("netplan's plans stay, ours come before what is made of them; cloud-init makes none", async () => {
  await plant({
    'etc/netplan/50-cloud-init.yaml': 'network: {}\n',
    'etc/netplan/README': 'x',
    'etc/cloud/cloud.cfg': 'x',
    'etc/systemd/system.conf': '',
  });
  await configure();
  expect(await there('etc/netplan/50-cloud-init.yaml')).toBe(true);
  expect(await text('etc/cloud/cloud.cfg.d/99-viver-network.cfg')).toContain('network: {config: disabled}');
  expect(await text('etc/systemd/network/05-viver-boot-nic.network')).toContain('Unmanaged=yes');
  expect(await text('etc/systemd/network/05-viver-boot-nic.link')).toContain('Name=eth0');
});

test('a system with nothing of it is configured all the same', async () => {
  const { changed } = await configure({ ...sampleFacts, bootNic: undefined, nics: [sampleFacts.bootNic!] } as Facts);
  expect(changed['host-name']).toEqual(['/etc/hostname', '/etc/hosts']);
  expect(await text('etc/hostname')).toBe('pc-abcdef\n');
});

test('the list of machines gives the name, before the DHCP server', () => {
  const machine = { mac: '52:54:00:ab:cd:ef', name: 'lab-07', settings: {} };
  const bootNic = { ...sampleFacts.bootNic!, hostName: 'from-dhcp' };
  expect(chooseName({ ...sampleFacts, bootNic, machine })).toMatchObject({ name: 'lab-07' });
  expect(chooseName({ ...sampleFacts, bootNic })).toMatchObject({ name: 'from-dhcp' });
});

describe('fstab', () => {
  test('disks go, all else stays, the union is the root', () => {
    const { text: result, left } = rewriteFstab(debian12['etc/fstab']);
    expect(left).toEqual(['/', '/boot/efi', 'swap']);
    const live = result.split('\n').filter((line) => line && !line.startsWith('#'));
    expect(live).toEqual([
      'overlay / overlay rw 0 0',
      '/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0',
      'server:/home /home nfs defaults 0 0',
      'tmpfs /scratch tmpfs size=1g 0 0',
    ]);
    expect(result).toContain('# not on this machine (viver): UUID=77aa none swap sw 0 0\n');
    expect(rewriteFstab(result).text).toBe(result);
  });

  test.each([
    'LABEL=x /home ext4 defaults 0 2',
    'PARTUUID=1 /srv xfs',
    '/dev/mapper/vg-home /home ext4 nofail 0 2',
    '/swapfile none swap sw 0 0',
  ])('left out: %s', (line) => expect(rewriteFstab(line).left).toHaveLength(1));

  test.each([
    'proc /proc proc defaults 0 0',
    '/srv/a /srv/b none bind 0 0',
    '//nas/x /x cifs guest 0 0',
    'broken',
    '# UUID=1 / ext4',
  ])('kept: %s', (line) => expect(rewriteFstab(line).text).toContain(`\n${line}\n`));
});

describe('identity', () => {
  test('names', () => {
    expect(machineNameOf('52:54:00:AB:CD:EF')).toBe('pc-abcdef');
    expect(machineNameOf('52:54:00:ab:cd:ef', true)).toBe('pc-525400abcdef');
    expect(hostLabel('Lab-07.school.test')).toBe('lab-07');
    for (const bad of [undefined, '', '-a', 'a b', 'x'.repeat(64), '$(reboot)']) expect(hostLabel(bad)).toBeUndefined();
    expect(
      chooseName({ ...sampleFacts, bootNic: undefined, machineUuid: '4c4c4544-0051-3010-8052-b4c04f4d3132' } as Facts)
        .name,
    ).toBe('pc-4d3132');
  });

  test('the machine id is stable, of the right form, and differs', async () => {
    const id = await machineIdFor(sampleFacts);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await machineIdFor({ ...sampleFacts, role: 'node' })).toBe(id);
    const other = { ...sampleFacts, bootNic: { ...sampleFacts.bootNic!, mac: '52:54:00:ab:cd:ee' } };
    expect(await machineIdFor(other)).not.toBe(id);
  });

  test('hosts without a line of its own', () => {
    expect(withOwnName('', 'a')).toContain('127.0.1.1\ta\n');
    expect(withOwnName('127.0.0.1 localhost\n', 'a')).toBe('127.0.0.1 localhost\n127.0.1.1\ta\n');
  });
});
