import { afterEach, expect, test } from 'vitest';
import { type ConfiguredRoot, openConfiguredRoot } from '../../testing/configured-root.ts';
import { home } from './home.ts';
import { homeSource } from './home-source.ts';

const wishes = { away: 'wait', key: '/root/.ssh/id', knownHosts: '/etc/ssh/hosts' } as const;
const image = {
  'etc/fstab': 'LABEL=viver-home /home ext4 nofail 0 0\nproc /proc proc defaults 0 0\n',
  'usr/sbin/mount.nfs': '',
  'sbin/mount.fuse.sshfs': '',
  'root/.ssh/id_ed25519': '',
};

let root: ConfiguredRoot | undefined;
afterEach(async () => {
  await root?.remove();
  root = undefined;
});

async function configured(settings: unknown, files: Readonly<Record<string, string>> = image) {
  root = await openConfiguredRoot(files);
  const { setAside, lines } = await root.run(home, { settings });
  const fstab = (await root.text('etc/fstab')).split('\n');
  return { setAside, lines: lines.join('\n'), mounts: fstab.filter((line) => line && !line.startsWith('#')) };
}

test('NFS, in place of a local /home', async () => {
  const { mounts } = await configured({ from: 'nfs://nas.school.test/srv/home', options: 'vers=4.2' });
  expect(mounts).toEqual([
    'proc /proc proc defaults 0 0',
    'nas.school.test:/srv/home /home nfs _netdev,nofail,x-systemd.automount,x-systemd.mount-timeout=30s,nosuid,nodev,hard,vers=4.2 0 0',
  ]);
});

test('SSH: the server is known by its key', async () => {
  const { mounts } = await configured({
    from: 'sshfs://pupils@10.0.0.5:2222/srv/my%20home',
    hostKey: '[10.0.0.5]:2222 ssh-ed25519 AAAA',
  });
  expect(mounts[1]).toMatch(
    /^pupils@10\.0\.0\.5:\/srv\/my\\040home \/home fuse\.sshfs _netdev,nofail,.*,port=2222 0 0$/,
  );
  expect(mounts[1]).toContain(',UserKnownHostsFile=/etc/ssh/viver_home_hosts,StrictHostKeyChecking=yes,');
  expect(await root!.text('etc/ssh/viver_home_hosts')).toBe('[10.0.0.5]:2222 ssh-ed25519 AAAA\n');
});

test('what is lacking is said', async () => {
  expect((await configured({})).lines).toContain('no server for /home is set');
  const bare = await configured({ from: 'nfs://nas/x' }, { 'etc/fstab': 'proc /proc proc defaults 0 0\n' });
  expect(bare.lines).toContain('error home: /home is not mounted: the image has no mount.nfs (Debian: nfs-common)');
  expect(bare.mounts).toHaveLength(1);
  expect((await configured({ from: 'sshfs://a@b/c' })).lines).toContain("nobody knows the server's key");
});

test.each([
  'nfs:/srv',
  'http://a/b',
  'nfs://',
  'nfs://a b/c',
  'sshfs://server/x',
  'sshfs://-oProxyCommand=x@server/x',
  'sshfs://u@-oX/x',
  'nfs://a/%ff',
  'nfs://a/b?c',
  'sshfs://u:secret@server/x',
  'x',
])('refused: %s', (from) => expect(() => homeSource(from, wishes)).toThrow(/is neither nfs/));

test.each(['nfs://[fd00::1]/x', 'nfs://server', 'sshfs://u@server'])('taken: %s', (from) => {
  expect(homeSource(from, wishes).entry.source).toMatch(/^(u@)?(server|\[fd00::1\]):\//);
});

test('errors instead of waiting, when that is wanted', () => {
  expect(homeSource('nfs://a/b', { ...wishes, away: 'fail' }).entry.options).toContain('soft');
  expect(homeSource('sshfs://u@a/b', { ...wishes, away: 'fail' }).entry.options).not.toContain('reconnect');
});
