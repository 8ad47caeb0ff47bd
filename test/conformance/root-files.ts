// What every RootFiles must do, whatever carries it out. Each implementation's test calls this with a fresh root.

import { chown, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { RootFiles } from '../../src/runes/contract/root-files.ts';

/** @param open Gives the files of the root in `root()`, a directory on this machine that holds nothing of the names below. */
export function testRootFiles(open: () => RootFiles, root: () => string): void {
  const plant = async (path: string, text: string) => {
    await mkdir(dirname(join(root(), path)), { recursive: true });
    await writeFile(join(root(), path), text);
  };

  test('writes, reads back, with its mode, byte by byte', async () => {
    const text = `ünï 'quoted' "$HOME" \`x\` \\n\n@0 0\n!\nEND\n${'long '.repeat(5000)}`;
    await open().writeText('/etc/deep/er/file', text, 0o750);
    expect(await readFile(join(root(), 'etc/deep/er/file'), 'utf8')).toBe(text);
    expect((await lstat(join(root(), 'etc/deep/er/file'))).mode & 0o777).toBe(0o750);
    expect(await open().readText('/etc/deep/er/file')).toBe(text);
    for (const tricky of [`${text}VIVER-END-OF-TEXT\nrm -rf /\n`, 'a\0b\n', 'no end', '\n', `${text}\\\n`]) {
      await open().writeText('/etc/tricky', tricky);
      expect(await readFile(join(root(), 'etc/tricky'), 'utf8')).toBe(tricky);
    }
    await open().writeText('/etc/deep/er/file', '');
    expect(await open().readText('/etc/deep/er/file')).toBe('');
    expect((await lstat(join(root(), 'etc/deep/er/file'))).mode & 0o777).toBe(0o644);
    expect(await open().list('/etc/deep/er')).toEqual(['file']);
  });

  test.runIf(process.getuid?.() === 0)('owner and group of a file that is there stay', async () => {
    await plant('etc/shadow', 'old\n');
    await chown(join(root(), 'etc/shadow'), 0, 42);
    for (const mode of [0o640, undefined]) {
      await open().writeText('/etc/shadow', `new ${mode}\n`, mode);
      const { uid, gid, mode: found } = await lstat(join(root(), 'etc/shadow'));
      expect({ uid, gid, mode: found & 0o777 }).toEqual({ uid: 0, gid: 42, mode: mode ?? 0o644 });
      expect(await readFile(join(root(), 'etc/shadow'), 'utf8')).toBe(`new ${mode}\n`);
    }
    expect(await open().list('/etc')).toEqual(['shadow']);
  });

  test('what is not there', async () => {
    expect(await open().readText('/etc/none')).toBeUndefined();
    expect(await open().readText('/etc')).toBeUndefined();
    expect(await open().exists('/etc/none')).toBe(false);
    expect(await open().list('/none')).toEqual([]);
    await open().remove('/etc/none');
  });

  test('links lead inside the root, and are replaced when written', async () => {
    await plant('run/resolve/stub', 'stub');
    await mkdir(join(root(), 'etc'), { recursive: true });
    await symlink('/run/resolve/stub', join(root(), 'etc/absolute'));
    await symlink('../run/resolve/stub', join(root(), 'etc/relative'));
    await symlink('/nowhere', join(root(), 'etc/dangling'));
    expect(await open().readText('/etc/absolute')).toBe('stub');
    expect(await open().readText('/etc/relative')).toBe('stub');
    expect(await open().exists('/etc/dangling')).toBe(true);
    expect(await open().readText('/etc/dangling')).toBeUndefined();
    await open().writeText('/etc/absolute', 'own');
    expect(await readFile(join(root(), 'run/resolve/stub'), 'utf8')).toBe('stub');
    expect(await readFile(join(root(), 'etc/absolute'), 'utf8')).toBe('own');
    await open().remove('/etc/relative');
    expect(await open().exists('/run/resolve/stub')).toBe(true);
  });

  test('directories that are links', async () => {
    await plant('usr/lib/unit', 'u');
    await symlink('/usr/lib', join(root(), 'lib'));
    expect(await open().readText('/lib/unit')).toBe('u');
    await open().writeText('/lib/more', 'm');
    expect(await open().list('/usr/lib')).toEqual(['more', 'unit']);
  });

  test('makes links, in place of what was there', async () => {
    await plant('etc/unit', 'old');
    await open().symlink('/dev/null', '/etc/unit');
    await open().symlink('/dev/zero', '/etc/unit');
    await open().symlink("it's", '/etc/new/link');
    expect(await readlink(join(root(), 'etc/unit'))).toBe('/dev/zero');
    expect(await readlink(join(root(), 'etc/new/link'))).toBe("it's");
  });

  test('many at once', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `/tmp/many/${index}`);
    await Promise.all(paths.map((path) => open().writeText(path, path)));
    expect(await Promise.all(paths.map((path) => open().readText(path)))).toEqual(paths);
  });

  test.each(['etc/fstab', '/etc/../../x', '/a\0b', ''])('%j is no path', async (path) => {
    await expect(open().readText(path)).rejects.toMatchObject({ code: 'RUNES_BAD_PATH' });
    await expect(open().writeText(path, 'x')).rejects.toMatchObject({ code: 'RUNES_BAD_PATH' });
  });

  test('what cannot be written is an error', async () => {
    await plant('etc/file', 'x');
    await expect(open().writeText('/etc/file/below', 'x')).rejects.toThrow();
    expect(await open().readText('/etc/file')).toBe('x');
  });
}
