import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveInRoot } from './root-path.ts';
import { surveyRoot } from './root-survey.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'viver-survey-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** An ELF header of the machine that `code` names. */
function elf(code: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.writeUInt16LE(code, 18);
  return bytes;
}

function put(path: string, content: string | Buffer = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** As Debian lays it out, with its absolute link for init. */
function debian(...releases: string[]): void {
  put('usr/lib/os-release', 'NAME=x\nPRETTY_NAME="Test Linux 1"\n');
  link('../usr/lib/os-release', 'etc/os-release');
  link('usr/lib', 'lib');
  link('usr/sbin', 'sbin');
  put('usr/lib/systemd/systemd', elf(183));
  link('/lib/systemd/systemd', 'usr/sbin/init');
  for (const release of releases) {
    put(`boot/vmlinuz-${release}`, 'kernel');
    put(`usr/lib/modules/${release}/modules.dep`);
  }
}

test('the newest kernel with modules, through the links of a merged /usr', async () => {
  debian('6.1.0-9-amd64', '6.1.0-56-amd64');
  put('boot/vmlinuz-6.5.0-1-amd64');
  expect(await surveyRoot(root)).toEqual({
    systemName: 'Test Linux 1',
    architecture: 'aarch64',
    kernel: {
      release: '6.1.0-56-amd64',
      kernelPath: join(root, 'boot/vmlinuz-6.1.0-56-amd64'),
      modulesDirectory: join(root, 'usr/lib/modules/6.1.0-56-amd64'),
    },
  });
  expect((await surveyRoot(root, '6.1.0-9-amd64')).kernel.release).toBe('6.1.0-9-amd64');
});

test('a kernel beside its modules, as on Fedora', async () => {
  debian();
  put('usr/lib/modules/6.9.1-200.fc40.x86_64/modules.dep');
  put('usr/lib/modules/6.9.1-200.fc40.x86_64/vmlinuz', 'kernel');
  expect((await surveyRoot(root)).kernel.kernelPath).toBe(join(root, 'usr/lib/modules/6.9.1-200.fc40.x86_64/vmlinuz'));
});

test('a kernel named by its package, as on Arch', async () => {
  debian();
  put('usr/lib/modules/6.9.1-arch1-1/modules.dep');
  put('usr/lib/modules/6.9.1-arch1-1/pkgbase', 'linux\n');
  put('boot/vmlinuz-linux', 'kernel');
  const { release, kernelPath } = (await surveyRoot(root)).kernel;
  expect([release, kernelPath]).toEqual(['6.9.1-arch1-1', join(root, 'boot/vmlinuz-linux')]);
});

test('each thing that is missing has one clear line', async () => {
  const message = (directory: string, release?: string) =>
    surveyRoot(directory, release).then(
      () => 'accepted',
      (error: Error) => error.message.replaceAll(root, 'ROOT'),
    );
  expect(await message(join(root, 'none'))).toBe('no such directory: ROOT/none');
  put('file');
  expect(await message(join(root, 'file'))).toBe('ROOT/file is not a directory');
  expect(await message(root)).toBe('ROOT is not the root of a Linux system: etc/os-release, usr, sbin/init missing');
  debian();
  expect(await message(root)).toBe('no kernel in ROOT: boot/vmlinuz-RELEASE is missing');
  put('boot/vmlinuz-6.1');
  expect(await message(root)).toBe('kernel 6.1 in ROOT has no modules (lib/modules/6.1/modules.dep)');
  expect(await message(root, '5.0')).toBe('no kernel 5.0 in ROOT: boot/vmlinuz-RELEASE is missing; there: 6.1');
});

test('links stay inside of the root, and those that go round lead nowhere', async () => {
  link('/../../../../etc', 'out');
  put('etc/hostname');
  link('b', 'a');
  link('a', 'b');
  expect(await resolveInRoot(root, '/out/hostname')).toBe(join(root, 'etc/hostname'));
  expect(await resolveInRoot(root, '/a')).toBeUndefined();
  expect(await resolveInRoot(root, '/etc/none')).toBeUndefined();
});
