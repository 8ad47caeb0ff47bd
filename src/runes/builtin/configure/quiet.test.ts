// The runes that keep an image's own programs quiet, each alone on a small tree.

import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ConfiguredRoot, openConfiguredRoot } from '../../testing/configured-root.ts';
import { sampleFacts } from '../../testing/room.ts';
import { adjtimeText, clock } from './clock.ts';
import { hardwareDetection } from './hardware-detection.ts';
import { localDisks, withoutDisks } from './local-disks.ts';

let root: ConfiguredRoot | undefined;
afterEach(async () => {
  await root?.remove();
  root = undefined;
});

const open = async (files: Readonly<Record<string, string>>): Promise<ConfiguredRoot> => {
  root = await openConfiguredRoot(files);
  return root;
};

test('crypttab: disks become comments, the rest stays, a second time changes nothing', () => {
  const text =
    '# <target> <source>\nsda3_crypt UUID=6d6a none luks,discard\nswap /dev/sda2 /dev/urandom swap\nfile /srv/box.img none\n';
  const once = withoutDisks(text);
  expect(once).toBe(
    '# <target> <source>\n# not on this machine (viver): sda3_crypt UUID=6d6a none luks,discard\n' +
      '# not on this machine (viver): swap /dev/sda2 /dev/urandom swap\nfile /srv/box.img none\n',
  );
  expect(withoutDisks(once)).toBe(once);
});

test('local disks: what would touch them is masked, where it is', async () => {
  const files = await open({
    'usr/lib/udev/rules.d/69-lvm.rules': '',
    'lib/udev/rules.d/64-md-raid-assembly.rules': '',
    'usr/lib/systemd/system/multipathd.service': '',
    'etc/init.d/smartmontools': '',
    'usr/lib/systemd/system-generators/systemd-gpt-auto-generator': '',
    'usr/libexec/udisks2/udisksd': '',
    'etc/grub.d/30_os-prober': '',
    'etc/crypttab': 'a UUID=1 none\n',
  });
  const { changed } = await files.run(localDisks);
  expect(changed).toEqual([
    '/etc/crypttab',
    '/etc/default/grub.d/viver.cfg',
    '/etc/systemd/system-generators/systemd-gpt-auto-generator',
    '/etc/systemd/system/multipathd.service',
    '/etc/systemd/system/smartmontools.service',
    '/etc/udev/rules.d/64-md-raid-assembly.rules',
    '/etc/udev/rules.d/69-lvm.rules',
    '/etc/udev/rules.d/99-viver-local-disks.rules',
  ]);
  expect(await readlink(join(files.path, 'etc/udev/rules.d/69-lvm.rules'))).toBe('/dev/null');
});

test('hardware detection: names of the old machine go, its modules are no failure', async () => {
  const files = await open({
    'etc/udev/rules.d/70-persistent-net.rules': 'NAME="eth0"',
    'usr/lib/udev/rules.d/71-biosdevname.rules': '',
    'etc/init.d/discover': '',
    'etc/modules': '# none\nit87\n',
  });
  const { changed, lines } = await files.run(hardwareDetection);
  expect(changed).toEqual([
    '/etc/systemd/system/discover.service',
    '/etc/systemd/system/systemd-modules-load.service.d/viver.conf',
    '/etc/udev/rules.d/70-persistent-net.rules',
    '/etc/udev/rules.d/71-biosdevname.rules',
  ]);
  expect(lines.join()).toContain(
    'quiet: names of cards of another machine, 71-biosdevname.rules, discover, missing modules',
  );
});

test.each([localDisks, hardwareDetection, clock])('an image that has nothing of it: $name says so', async (rune) => {
  const files = await open({ 'etc/modules': '# comments only\n' });
  const { changed, setAside } = await files.run(rune, { settings: {} });
  expect({ changed, setAside }).toEqual({ changed: [], setAside: undefined });
});

test('clock: zone, local time, and the time servers that DHCP names, for those who ask', async () => {
  const files = await open({
    'usr/share/zoneinfo/Asia/Tokyo': '',
    'etc/timezone': 'Etc/UTC\n',
    'usr/lib/systemd/systemd-timesyncd': '',
    'etc/chrony/sources.d/README': '',
  });
  const facts = { bootNic: { ...sampleFacts.bootNic!, ntpServers: ['10.86.0.2', '10.86.0.3'] } };
  await files.run(clock, { facts, settings: { zone: 'Asia/Tokyo', rtc: 'local' } });
  expect(await readlink(join(files.path, 'etc/localtime'))).toBe('/usr/share/zoneinfo/Asia/Tokyo');
  expect(await files.text('etc/timezone')).toBe('Asia/Tokyo\n');
  expect(await files.text('etc/adjtime')).toBe(adjtimeText('local'));
  expect(await files.text('etc/systemd/timesyncd.conf.d/viver.conf')).toMatch(/\nNTP=10\.86\.0\.2 10\.86\.0\.3\n$/);
  expect(await files.text('etc/chrony/sources.d/viver.sources')).toContain('server 10.86.0.3 iburst\n');
});

test('clock: a zone that the image has not leaves its own', async () => {
  const files = await open({ 'etc/timezone': 'Etc/UTC\n' });
  const { changed, setAside } = await files.run(clock, { settings: { zone: 'Mars/Olympus' } });
  expect(changed).toEqual([]);
  expect(setAside).toContain('no time zone Mars/Olympus');
  expect((await files.run(clock, { settings: { zone: '../../etc/shadow' } })).setAside).toBeDefined();
});
