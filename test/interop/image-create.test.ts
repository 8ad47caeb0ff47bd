// `viver-kit image` on a small tree, looked at with unsquashfs and the kernel. Needs squashfs-tools, and root for ownership, a full
// disk and the mount.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kit, kitWithoutOverride, LEFT_OUT, makeTree, run, startKit, TREE_KERNEL } from './kit-tree.ts';

/** Node has no functions for extended attributes. */
function python(statement: string, path: string): string {
  return run('/usr/bin/python3', '-c', `import os, sys; ${statement}`, path);
}

let folder: string;
let tree: string;
let image: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-image-'));
  tree = join(folder, 'tree');
  image = join(folder, 'small.viver');
  makeTree(tree);
  chownSync(join(tree, 'home/user/file'), 1234, 5678);
  python("os.setxattr(sys.argv[1], 'user.note', b'kept')", join(tree, 'etc/fstab'));
  const made = kit(['image', 'create', '--root', tree, '--output', image, '--exclude', 'opt/nothing*']);
  expect(made.stderr).toContain(`Test Linux, kernel ${TREE_KERNEL}`);
  expect(made.status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('image create', () => {
  test('unsquashfs takes out what went in: owners, modes, hard links, attributes', () => {
    const out = join(folder, 'out');
    run('unsquashfs', '-no-progress', '-quiet', '-dest', out, image);
    const file = statSync(join(out, 'home/user/file'));
    expect([file.uid, file.gid]).toEqual([1234, 5678]);
    expect(statSync(join(out, 'usr/sbin/suid')).mode & 0o7777).toBe(0o4755);
    expect(statSync(join(out, 'usr/share/one')).ino).toBe(statSync(join(out, 'usr/share/two')).ino);
    expect(readFileSync(join(out, 'usr/share/ünïcode näme'), 'utf8')).toBe('text');
    expect(python("print(os.getxattr(sys.argv[1], 'user.note').decode())", join(out, 'etc/fstab'))).toBe('kept\n');
    for (const name of ['proc', 'sys', 'dev', 'run', 'tmp']) expect(readdirSync(join(out, name))).toEqual([]);
    for (const path of LEFT_OUT) expect([path, existsSync(join(out, path))]).toEqual([path, false]);
    expect(existsSync(join(out, 'var/cache/apt/archives'))).toBe(true);
  });

  test('the kernel mounts it as it is', () => {
    const mountPoint = join(folder, 'mnt');
    mkdirSync(mountPoint);
    run('mount', '-t', 'squashfs', '-o', 'loop,ro', image, mountPoint);
    try {
      expect(readFileSync(join(mountPoint, 'opt/noise'))).toEqual(readFileSync(join(tree, 'opt/noise')));
    } finally {
      run('umount', mountPoint);
    }
  });

  test('info says what it is, verify that it is whole', () => {
    const facts = JSON.parse(kit(['image', 'info', '--json', image]).stdout);
    expect(facts).toMatchObject({ label: 'small', kernel: TREE_KERNEL, fileBytes: statSync(image).size });
    expect(facts.infoHash).toMatch(/^[0-9a-f]{64}$/);
    expect(kit(['image', 'info', image]).stdout).toContain(facts.infoHash);
    expect(kit(['image', 'verify', image])).toMatchObject({ status: 0 });
  });

  test('verify names the piece that differs', () => {
    const damaged = join(folder, 'damaged.viver');
    copyFileSync(image, damaged);
    const file = openSync(damaged, 'r+');
    writeSync(file, '!', 200_000);
    const result = kit(['image', 'verify', damaged]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^viver-kit: .*damaged\.viver: 1 of 3 pieces differ: 1 \(at byte 131072\)$/m);
    writeFileSync(damaged, readFileSync(image).subarray(0, statSync(image).size - 5000));
    expect(kit(['image', 'verify', damaged]).status).toBe(1);
  });

  test('the same input and time give the same bytes, in a new tree too', () => {
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    const again = join(folder, 'again');
    run('cp', '-a', tree, again);
    const outputs = [tree, again].map((root, index) => {
      const directory = join(folder, `run${index}`);
      mkdirSync(directory);
      const output = join(directory, 'same.viver');
      expect(kit(['image', 'create', '--root', root, '--output', output], { env }).status).toBe(0);
      return createHash('sha256').update(readFileSync(output)).digest('hex');
    });
    expect(outputs[0]).toBe(outputs[1]);
  });
});

describe('what goes wrong has one clear line, and leaves nothing behind', () => {
  function failure(root: string, output: string, ...more: string[]): string {
    const result = kit(['image', 'create', '--root', root, '--output', output, ...more]);
    expect(result.status).toBe(1);
    return result.stderr
      .split('\n')
      .filter((line) => line.startsWith('viver-kit: '))
      .join('\n')
      .replaceAll(folder, 'FOLDER');
  }

  test.each([
    ['no such directory', 'none', 'x.viver', 'no such directory: FOLDER/none'],
    [
      'no Linux root',
      'tree/home',
      'x.viver',
      'FOLDER/tree/home is not the root of a Linux system: etc/os-release, usr, sbin/init missing',
    ],
    ['output directory missing', 'tree', 'none/x.viver', 'output directory FOLDER/none does not exist'],
    ['output is a directory', 'tree', 'tree', 'output FOLDER/tree is a directory'],
    [
      'output inside of the root',
      'tree',
      'tree/opt/x.viver',
      'output FOLDER/tree/opt/x.viver lies inside of FOLDER/tree, which is what it would hold',
    ],
  ])('%s', (_, root, output, message) => {
    const args = ['--label', 'x'];
    expect(failure(join(folder, root), join(folder, output), ...args)).toBe(`viver-kit: ${message}`);
    expect(existsSync(join(folder, 'x.viver'))).toBe(false);
  });

  test('a kernel that is not there, and a bad label', () => {
    const output = join(folder, 'x.viver');
    expect(failure(tree, output, '--kernel', '5.0')).toBe(
      `viver-kit: no kernel 5.0 in FOLDER/tree: boot/vmlinuz-RELEASE is missing; there: ${TREE_KERNEL}`,
    );
    expect(failure(tree, output, '--label', '../x')).toContain('label "../x"');
  });

  test('a full disk', () => {
    const disk = join(folder, 'full');
    mkdirSync(disk);
    run('mount', '-t', 'tmpfs', '-o', 'size=16k', 'full', disk);
    try {
      expect(failure(tree, join(disk, 'x.viver'))).toBe(
        'viver-kit: mksquashfs: no space left on the disk of the output',
      );
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      run('umount', disk);
    }
  });

  test('files that this user may not read: an image with holes is worse than none', () => {
    const output = join(folder, 'user');
    mkdirSync(output);
    const secret = join(tree, 'etc/shadow');
    writeFileSync(secret, 'secret', { mode: 0o600 });
    run('chown', '65534', secret);
    const result = kitWithoutOverride(['image', 'create', '--root', tree, '--output', join(output, 'x.viver')]);
    rmSync(secret);
    expect(result.stderr).toMatch(/^viver-kit: cannot read .*\/etc\/shadow: run this as root$/m);
    expect(readdirSync(output)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s in the middle', async (signal) => {
    const root = join(folder, 'large');
    if (!existsSync(root)) {
      run('cp', '-a', tree, root);
      const text = Buffer.alloc(40_000_000, (Math.PI * 1e15).toString(36)).map((byte, index) => byte ^ (index >> 9));
      writeFileSync(join(root, 'opt/much'), text);
    }
    const directory = mkdtempSync(join(folder, 'interrupted-'));
    const output = join(directory, 'x.viver');
    const child = startKit(['image', 'create', '--root', root, '--output', output, '--compression-level', '22']);
    while (!readdirSync(directory).some((name) => name.endsWith('.partial'))) await delay(5);
    child.kill(signal);
    const [, endedBy] = await once(child, 'exit');
    expect(endedBy).toBe(signal);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('image torrent', () => {
  test('writes the addresses that it is given, the same bytes each time', () => {
    const words = ['--announce', 'http://pc-1:6881/announce', '--web-seed', 'http://pc-1/small.viver'];
    const files = ['a', 'b'].map((name) => {
      const output = join(folder, `${name}.torrent`);
      expect(kit(['image', 'torrent', image, '--output', output, ...words])).toMatchObject({ status: 0, stderr: '' });
      return readFileSync(output, 'latin1');
    });
    expect(files[0]).toBe(files[1]);
    expect(files[0]).toMatch(/^d8:announce25:http:\/\/pc-1:6881\/announce10:created by/);
    expect(files[0]).toContain('8:url-listl23:http://pc-1/small.vivere');
    expect(files[0]).not.toContain('9:file tree');
  });

  test.each([
    ['--announce', 'pc-1:6881', '--announce pc-1:6881: no URL of the form http://HOST…, https://HOST…, udp://HOST…'],
    ['--web-seed', 'file:///x', '--web-seed file:///x: no URL of the form http://HOST…, https://HOST…'],
  ])('a bad %s', (option, url, message) => {
    const output = join(folder, 'bad.torrent');
    const result = kit(['image', 'torrent', image, '--output', output, option, url]);
    expect(result).toMatchObject({ status: 1, stderr: `viver-kit: ${message}\n` });
    expect(existsSync(output)).toBe(false);
  });

  test('a file that is no image', () => {
    const result = kit(['image', 'torrent', join(tree, 'opt/noise'), '--output', join(folder, 'none.torrent')]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^viver-kit: .*noise is no whole \.viver image: .*\n$/);
  });
});
