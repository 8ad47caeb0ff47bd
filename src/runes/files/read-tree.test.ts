import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_TREE_BYTES, MAX_TREE_FILES, readTree } from './read-tree.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-tree-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('all files by path, without hidden ones and links', async () => {
  await mkdir(join(folder, 'runes'));
  await writeFile(join(folder, 'runes/b.ts'), 'b');
  await writeFile(join(folder, 'roles'), 'r');
  await writeFile(join(folder, 'runes/.b.ts.swp'), 'x');
  await symlink('/etc/passwd', join(folder, 'link'));
  expect(await readTree(folder)).toEqual([
    { path: 'roles', content: Buffer.from('r') },
    { path: 'runes/b.ts', content: Buffer.from('b') },
  ]);
  expect(await readTree(join(folder, 'none'))).toEqual([]);
});

test('too much is refused before it is read', async () => {
  await writeFile(join(folder, 'image'), Buffer.alloc(MAX_TREE_BYTES + 1));
  await expect(readTree(folder)).rejects.toMatchObject({ code: 'RUNES_TREE_TOO_LARGE' });
  await rm(join(folder, 'image'));
  await Promise.all(Array.from({ length: MAX_TREE_FILES + 1 }, (_, index) => writeFile(join(folder, `${index}`), '')));
  await expect(readTree(folder)).rejects.toMatchObject({ code: 'RUNES_TREE_TOO_LARGE' });
});
