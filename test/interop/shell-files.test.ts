// The files of a root as a booting machine reaches them: sh in a chroot, with busybox as the image's shell. Needs root and busybox (static).

import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createShellFiles } from '../../src/runes/files/shell-files.ts';
import { LinuxSys } from '../../src/sys/linux.ts';
import { testRootFiles } from '../conformance/root-files.ts';

const sys = new LinuxSys();
let root: string;
let children = 0;

const open = () =>
  createShellFiles(
    (...call) => {
      children++;
      return sys.run(...call);
    },
    root,
    ['chroot'],
  );

beforeEach(async () => {
  children = 0;
  root = await mkdtemp(join(tmpdir(), 'viver-shell-files-'));
  await mkdir(join(root, 'bin'));
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'cat', 'base64', 'ls', 'rm', 'mkdir', 'mv', 'chmod', 'ln'])
    await symlink('busybox', join(root, 'bin', name));
});
afterEach(() => rm(root, { recursive: true }));

describe('files by sh in a chroot', () => testRootFiles(open, () => root));

test('what is asked for together is one child', async () => {
  const files = open();
  await Promise.all([files.readText('/a'), files.exists('/b'), files.writeText('/c', 'c'), files.list('/')]);
  expect(children).toBe(1);
  expect(await files.readText('/c')).toBe('c');
  expect(children).toBe(2);
});

test('an image without a shell is one clear error for each file', async () => {
  await rm(join(root, 'bin/sh'));
  await expect(open().readText('/a')).rejects.toMatchObject({ code: 'RUNES_FILE_FAILED' });
});
