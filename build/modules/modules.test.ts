import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModule, readModuleTables } from './files.ts';
import { tablesForModprobe } from './modprobe-tables.ts';
import { FOLDER_RULES } from './rules.ts';
import { selectModules, takes } from './select.ts';

const FILES = {
  'modules.dep': [
    'kernel/drivers/block/loop.ko.xz:',
    'kernel/fs/squashfs/squashfs.ko.xz: kernel/lib/zstd/zstd_decompress.ko.xz',
    'kernel/lib/zstd/zstd_decompress.ko.xz:',
    'kernel/fs/overlayfs/overlay.ko.xz:',
    'kernel/drivers/net/ethernet/realtek/r8169.ko.xz:',
    'kernel/drivers/net/phy/realtek.ko.xz: kernel/drivers/net/phy/libphy.ko.xz',
    'kernel/drivers/net/phy/libphy.ko.xz:',
    'kernel/drivers/net/wireless/ath/ath9k.ko.xz:',
    'kernel/drivers/usb/storage/uas.ko.xz: kernel/odd/corner.ko.xz',
    'kernel/odd/corner.ko.xz:',
    'kernel/fs/btrfs/btrfs.ko.xz:',
    'kernel/special/xxh.ko.xz:',
    'kernel/sound/snd.ko.xz:',
    '',
  ].join('\n'),
  'modules.softdep': 'softdep btrfs pre: crypto-xxhash64\nsoftdep snd pre: loop\n',
  'modules.alias': 'alias crypto-xxhash64 xxh\nalias pci:v1* ath9k\nalias fs-btrfs btrfs\n',
  'modules.builtin': 'kernel/drivers/ata/libata.ko\n',
};

describe('selectModules', () => {
  const { names, shim } = selectModules(FILES, FOLDER_RULES);

  it('takes by folder, with what the chosen ones need, hard and soft, and nothing else', () => {
    const expected = [
      'btrfs',
      'corner',
      'libphy',
      'loop',
      'overlay',
      'r8169',
      'realtek',
      'squashfs',
      'uas',
      'xxh',
      'zstd_decompress',
    ];
    expect([...names].sort()).toEqual(expected);
    expect(names.indexOf('corner')).toBeLessThan(names.indexOf('uas'));
  });

  it('gives the shim its modules in load order', () => {
    expect(shim).toEqual(['loop', 'zstd_decompress', 'squashfs']);
  });

  it('needs no module for what is built-in', () => {
    const files = {
      'modules.dep': FILES['modules.dep'].replace(/.*loop.*\n/, ''),
      'modules.builtin': 'kernel/drivers/block/loop.ko\n',
    };
    expect(selectModules(files, FOLDER_RULES).shim).toEqual(['zstd_decompress', 'squashfs']);
  });

  it('refuses a kernel that cannot boot an image', () => {
    const files = { ...FILES, 'modules.dep': FILES['modules.dep'].replace(/.*overlay.*\n/, '') };
    expect(() => selectModules(files, FOLDER_RULES)).toThrow('no overlay');
  });

  it('lets the longest rule decide', () => {
    const rules = [
      { prefix: 'a/', take: true },
      { prefix: 'a/b/', take: false },
      { prefix: 'a/b/c', take: true },
    ];
    expect(
      ['kernel/a/x.ko', 'kernel/a/b/x.ko', 'kernel/a/b/cd.ko', 'kernel/z.ko'].map((path) => takes(rules, path)),
    ).toEqual([true, false, true, false]);
  });
});

describe('tablesForModprobe', () => {
  it('keeps lines of the chosen modules, with the names that the files have in the initrd', () => {
    const tables = tablesForModprobe(FILES, new Set(['squashfs', 'zstd_decompress', 'btrfs']));
    expect(tables['modules.dep']).toBe(
      'kernel/fs/squashfs/squashfs.ko: kernel/lib/zstd/zstd_decompress.ko\nkernel/lib/zstd/zstd_decompress.ko:\nkernel/fs/btrfs/btrfs.ko:\n',
    );
    expect(tables['modules.alias']).toBe('alias fs-btrfs btrfs\n');
    expect(tables['modules.softdep']).toBe('softdep btrfs pre: crypto-xxhash64\n');
  });
});

describe('module files', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'viver-modules-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('reads a module however it is compressed', async () => {
    const module = Buffer.from('\x7fELF and so on'.repeat(1000));
    const stored = {
      '.ko': module,
      '.ko.gz': gzipSync(module),
      '.ko.zst': zstdCompressSync(module),
      '.ko.xz': execFileSync('xz', ['-c'], { input: module }),
    };
    for (const [suffix, bytes] of Object.entries(stored)) {
      await writeFile(join(directory, `m${suffix}`), bytes);
      expect(await readModule(join(directory, `m${suffix}`))).toEqual(module);
    }
  });

  it.each(['.ko.gz', '.ko.zst', '.ko.xz'])('says which module is damaged (%s)', async (suffix) => {
    const path = join(directory, `bad${suffix}`);
    await writeFile(path, 'rubbish');
    await expect(readModule(path)).rejects.toThrow(
      expect.objectContaining({ code: 'INITRD_BAD_MODULE', message: expect.stringContaining(path) }),
    );
  });

  it('says what is missing, and which kernels there are instead', async () => {
    await mkdir(join(directory, '6.1.0-9'));
    await expect(readModuleTables(join(directory, '6.1.0-8'))).rejects.toThrow(
      'no modules of kernel 6.1.0-8: there are 6.1.0-9',
    );
    await expect(readModuleTables(join(directory, '6.1.0-9'))).rejects.toThrow('has no modules.dep');
  });
});
