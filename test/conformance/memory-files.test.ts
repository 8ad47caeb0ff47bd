// Files in memory above a directory, each change carried out on the directory afterwards: reads see the memory, the suite sees the disk.

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RootFiles } from '../../src/runes/contract/root-files.ts';
import { createDirectoryFiles, createDirectoryLayer } from '../../src/runes/files/directory-files.ts';
import { applyChanges, MemoryFiles, plantedFiles } from '../../src/runes/files/memory-files.ts';
import { testRootFiles } from './root-files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viver-memory-files-'));
});
afterEach(() => rm(root, { recursive: true }));

function carriedOut(): RootFiles {
  const memory = new MemoryFiles(createDirectoryLayer(root));
  const carryOut = async (work: Promise<void>) => {
    await work;
    await applyChanges(await memory.changes(), createDirectoryFiles(root));
  };
  return {
    readText: (path) => memory.readText(path),
    exists: (path) => memory.exists(path),
    list: (path) => memory.list(path),
    writeText: (...words) => carryOut(memory.writeText(...words)),
    symlink: (...words) => carryOut(memory.symlink(...words)),
    remove: (path) => carryOut(memory.remove(path)),
  };
}

describe('files in memory above a directory', () =>
  testRootFiles(
    () => carriedOut(),
    () => root,
  ));

describe('the memory', () => {
  test('leaves the directory as it is, and knows what differs', async () => {
    await mkdir(join(root, 'etc/conf'), { recursive: true });
    await writeFile(join(root, 'etc/same'), 'same', { mode: 0o644 });
    await writeFile(join(root, 'etc/old'), 'old', { mode: 0o600 });
    await writeFile(join(root, 'etc/conf/gone'), 'x');
    await symlink('conf', join(root, 'etc/link'));
    const files = new MemoryFiles(createDirectoryLayer(root));
    await files.writeText('/etc/same', 'same');
    await files.writeText('/etc/old', 'new');
    await files.remove('/etc/link/gone');
    await files.writeText('/etc/link/fresh', 'f');
    expect(await files.list('/etc/conf')).toEqual(['fresh']);
    expect(await files.changes()).toMatchObject([
      { path: '/etc/conf/fresh', before: undefined, after: { text: 'f' } },
      { path: '/etc/conf/gone', before: { text: 'x' }, after: undefined },
      { path: '/etc/old', before: { text: 'old', mode: 0o600 }, after: { text: 'new', mode: 0o644 } },
    ]);
    expect(await readFile(join(root, 'etc/old'), 'utf8')).toBe('old');
    expect(await readdir(join(root, 'etc/conf'))).toEqual(['gone']);
  });

  test('hides what lay behind a link that was taken away', async () => {
    await mkdir(join(root, 'usr'), { recursive: true });
    await writeFile(join(root, 'usr/a'), 'a');
    await symlink('usr', join(root, 'link'));
    const files = new MemoryFiles(createDirectoryLayer(root));
    expect(await files.readText('/link/a')).toBe('a');
    await files.remove('/link');
    expect(await files.readText('/link/a')).toBeUndefined();
    await files.writeText('/link', 'a file now');
    await expect(files.writeText('/link/a', 'x')).rejects.toThrow('/link is no directory');
    await expect(files.remove('/usr')).rejects.toThrow('/usr: is a directory');
  });

  test('can be planted', async () => {
    const files = new MemoryFiles(plantedFiles({ '/usr/lib/os-release': 'ID=debian\n', '/etc': '-> usr/lib' }));
    expect(await files.readText('/etc/os-release')).toBe('ID=debian\n');
    expect(await files.list('/usr')).toEqual(['lib']);
    expect(await files.changes()).toEqual([]);
  });
});
