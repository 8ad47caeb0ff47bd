// Runes users and ssh-host-keys, each alone on a small tree.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ConfiguredRoot, openConfiguredRoot } from '../../testing/configured-root.ts';
import { sshHostKeys } from './ssh-host-keys.ts';
import { users } from './users.ts';

let root: ConfiguredRoot | undefined;
afterEach(async () => {
  await root?.remove();
  root = undefined;
});

const open = async (files: Readonly<Record<string, string>>): Promise<ConfiguredRoot> => {
  root = await openConfiguredRoot(files);
  return root;
};

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExa anna@laptop';
const accounts = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  'etc/group': 'root:x:0:\naudio:x:29:\n',
  'etc/shadow': 'root:*:19000:0:99999:7:::\n',
  'bin/bash': '',
};
const list = (text: string, path = 'medium:/RUNES/users') => ({ lists: [{ path, text }] });

test('accounts, their keys, and homes at the first login', async () => {
  const files = await open({
    ...accounts,
    'etc/ssh/sshd_config': '# comment\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n',
    'etc/pam.d/common-session': 'session required pam_unix.so\n',
  });
  const { changed } = await files.run(users, { settings: list(`anna audio\n  ${KEY}\nroot\n  ${KEY}\n`) });
  expect(changed).toEqual([
    ...['/etc/group', '/etc/pam.d/common-session', '/etc/passwd', '/etc/shadow'],
    ...['/etc/ssh/authorized_keys.d/anna', '/etc/ssh/authorized_keys.d/root', '/etc/ssh/sshd_config.d/00-viver.conf'],
  ]);
  expect(await files.text('etc/passwd')).toMatch(/^anna:x:\d{5}:\d{5}::\/home\/anna:\/bin\/bash$/m);
  expect((await lstat(join(files.path, 'etc/shadow'))).mode & 0o777).toBe(0o640);
  expect(await files.text('etc/ssh/authorized_keys.d/anna')).toBe(`${KEY}\n`);
  expect(await files.text('etc/pam.d/common-session')).toContain('\nsession optional pam_mkhomedir.so umask=0077\n');
});

test('an sshd_config without an Include gets one, before its own keys', async () => {
  const files = await open({ ...accounts, 'etc/ssh/sshd_config': 'AuthorizedKeysFile .ssh/keys\n' });
  await files.run(users, { settings: list(`root\n  ${KEY}\n`) });
  expect(await files.text('etc/ssh/sshd_config')).toBe(
    'Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile .ssh/keys\n',
  );
});

test('faults are named with file and line, and the other lines count', async () => {
  const files = await open({ ...accounts });
  const { lines, setAside } = await files.run(users, { settings: list('Bad\nanna printers\nroot password=$6$a$b\n') });
  const said = lines.join('\n');
  expect(setAside).toBeUndefined();
  expect(said).toContain("medium:/RUNES/users:1: 'Bad' is no user name");
  expect(said).toContain('medium:/RUNES/users:2: the image has no group printers: anna is not in it');
  expect(said).toContain("medium:/RUNES/users:3: root is an account of the system: its password is the image's");
  expect(await files.text('etc/passwd')).toContain('anna:x:');
  expect(await files.text('etc/shadow')).toContain('root:*:');
});

test('nobody listed, or no accounts to be had: nothing is done', async () => {
  const files = await open({});
  expect((await files.run(users, { settings: {} })).changed).toEqual([]);
});

test("host keys: the image's go, one of the machine's own comes; with the room's key the same at each start", async () => {
  const image = { 'etc/ssh/sshd_config': '', 'etc/ssh/ssh_host_rsa_key': 'old', 'etc/ssh/ssh_host_rsa_key.pub': 'old' };
  const roomKey = new Uint8Array(32).fill(7);
  const publicKeys: string[] = [];
  for (const settings of [{ roomKey }, { roomKey }, {}, {}]) {
    const files = await open(image);
    await files.run(sshHostKeys, { settings });
    expect((await readdir(join(files.path, 'etc/ssh'))).sort()).toEqual([
      ...['ssh_host_ed25519_key', 'ssh_host_ed25519_key.pub', 'sshd_config'],
    ]);
    expect((await lstat(join(files.path, 'etc/ssh/ssh_host_ed25519_key'))).mode & 0o777).toBe(0o600);
    publicKeys.push(await files.text('etc/ssh/ssh_host_ed25519_key.pub'));
    await files.remove();
    root = undefined;
  }
  expect(publicKeys[0]).toBe(publicKeys[1]);
  expect(new Set(publicKeys).size).toBe(3);
});

test('an image without an SSH server gets no keys', async () => {
  const files = await open({ 'etc/ssh/ssh_config': '' });
  expect((await files.run(sshHostKeys, { settings: {} })).changed).toEqual([]);
});
