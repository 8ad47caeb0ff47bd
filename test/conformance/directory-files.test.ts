import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import { createDirectoryFiles } from '../../src/runes/files/directory-files.ts';
import { testRootFiles } from './root-files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viver-directory-files-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('files of a directory', () =>
  testRootFiles(
    () => createDirectoryFiles(root),
    () => root,
  ));
