// `viver-kit media create` looked at with the tools of others: sgdisk, sfdisk, fsck.vfat, mtools, e2fsck, debugfs. Only writing to a
// device (a loop device here) needs root.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDataPartition } from '../../kit/media/data-partition.ts';
import { parseRoomKey } from '../../src/cluster/room-key.ts';
import { decodeBootSet } from '../../src/images/boot-set.ts';
import { kit, makeTree, noise, run, TREE_KERNEL } from './kit-tree.ts';

const MEBIBYTE = 2 ** 20;
let folder: string;
let image: string;
let initrd: string;
let stick: string;
/** Made with the first medium, and the same on all of them: the key is an input as the image is. */
let roomKey: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-media-'));
  image = join(folder, 'small.viver');
  initrd = join(folder, 'initrd.img');
  stick = join(folder, 'stick.img');
  roomKey = join(folder, 'room.key');
  makeTree(join(folder, 'tree'));
  writeFileSync(initrd, noise(3 * MEBIBYTE));
  expect(kit(['image', 'create', '--root', join(folder, 'tree'), '--output', image]).status).toBe(0);
  const made = kit([
    'media',
    'create',
    '--image',
    image,
    '--initrd',
    initrd,
    '--output',
    stick,
    '--append',
    'a.b="c d"',
    '--room-key',
    roomKey,
  ]);
  expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('stick.img: small, ')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Partition {
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly name: string;
}

/** The partitions as sfdisk sees them. */
function partitionsOf(disk: string): Partition[] {
  return JSON.parse(run('sfdisk', '--json', disk)).partitiontable.partitions;
}

/** Copies a partition into a file of its own. */
function partition(index: number): string {
  const { start, size } = partitionsOf(stick)[index]!;
  const output = join(folder, `partition${index}`);
  run('dd', `if=${stick}`, `of=${output}`, 'bs=512', `skip=${start}`, `count=${size}`, 'conv=sparse', 'status=none');
  return output;
}

describe('a stick in a file', () => {
  test('has a partition table that sgdisk and sfdisk find no fault in', () => {
    expect(run('sgdisk', '--verify', stick)).toContain('No problems found');
    expect(run('sfdisk', '--verify', stick)).toContain('No errors detected');
    expect(partitionsOf(stick).map(({ type, name }) => [name, type.slice(0, 8)])).toEqual([
      ['BIOS boot', '21686148'],
      ['Viver boot', 'C12A7328'],
      ['Viver images', '0FC63DAF'],
    ]);
  });

  test('takes no more room than it needs', () => {
    const { blocks, size } = statSync(stick);
    expect(blocks * 512).toBeLessThan(size / 2);
  });

  test('has a sound boot partition with loaders, kernel, initrd and what to start', () => {
    const esp = partition(1);
    run('fsck.vfat', '-n', esp);
    const read = (path: string) => {
      const output = join(folder, 'read');
      run('mcopy', '-n', '-o', '-i', esp, `::/${path}`, output);
      return readFileSync(output);
    };
    expect(read('viver/vmlinuz')).toEqual(readFileSync(join(folder, 'tree/boot', `vmlinuz-${TREE_KERNEL}`)));
    expect(read('viver/initrd.img')).toEqual(readFileSync(initrd));
    expect(read('EFI/BOOT/BOOTX64.EFI')).toEqual(readFileSync('/usr/lib/shim/shimx64.efi.signed'));
    expect(decodeBootSet(read('viver/boot.json'))).toMatchObject({
      kernel: 'viver/vmlinuz',
      initrd: 'viver/initrd.img',
      append: expect.stringMatching(/ a\.b="c d"$/),
      kernelRelease: TREE_KERNEL,
      image: { label: 'small' },
    });
    expect(read('RUNES/room.key')).toEqual(readFileSync(roomKey));
    expect(statSync(roomKey).mode & 0o777).toBe(0o600);
    expect(parseRoomKey(readFileSync(roomKey, 'utf8'), roomKey)).toHaveLength(43);
    expect(read('viver/grub.cfg').toString()).toContain(" 'a.b=c d'");
  });

  test('has a sound ext4 with the image in it', () => {
    const data = partition(2);
    expect(run('e2fsck', '-f', '-n', data)).toMatch(/VIVER: 12\/\d+ files/);
    const copy = join(folder, 'copy.viver');
    run('debugfs', '-R', `dump small.viver ${copy}`, data);
    expect(readFileSync(copy)).toEqual(readFileSync(image));
  });

  test('is the same when it is made again', () => {
    const again = join(folder, 'again.img');
    const same = ['--append', 'a.b="c d"', '--room-key', roomKey];
    kit(['media', 'create', '--image', image, '--initrd', initrd, '--output', again, ...same]);
    const hashes = [stick, again].map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(hashes[0]).toBe(hashes[1]);
  });
});

describe('a disc', () => {
  const make = (name: string, ...more: string[]) => {
    const output = join(folder, name);
    expect(kit(['media', 'create', '--image', image, '--initrd', initrd, '--output', output, ...more]).status).toBe(0);
    return output;
  };

  test('has boot entries for BIOS and UEFI, and the same files as a stick', () => {
    const disc = make('disc.iso', '--room-key', roomKey);
    const entries = run('xorriso', '-indev', disc, '-report_el_torito', 'plain');
    expect(entries).toMatch(/boot img : +1 +BIOS +y/);
    expect(entries).toMatch(/boot img : +2 +UEFI +y/);
    const out = join(folder, 'disc');
    run('xorriso', '-osirrox', 'on', '-indev', disc, '-extract', '/', out);
    expect(readFileSync(join(out, 'small.viver'))).toEqual(readFileSync(image));
    expect(readFileSync(join(out, 'viver/initrd.img'))).toEqual(readFileSync(initrd));
    expect(readFileSync(join(out, 'RUNES/room.key'))).toEqual(readFileSync(roomKey));
    expect(decodeBootSet(readFileSync(join(out, 'viver/boot.json'))).kernel).toBe('viver/vmlinuz');
    run('fsck.vfat', '-n', join(out, 'viver/efi.img'));
    run('chmod', '-R', 'u+w', out);
  });

  test('is the same when it is made again, but for a key of its own', () => {
    const [one, two, other] = [
      make('one.iso', '--room-key', roomKey),
      make('two.iso', '--room-key', roomKey),
      make('three.iso'),
    ];
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(false);
  });

  test('is not made with what is no key', () => {
    writeFileSync(join(folder, 'bad.key'), 'secret\n');
    const named = ['--image', image, '--initrd', initrd, '--output', join(folder, 'no.iso')];
    const { status, stderr } = kit(['media', 'create', ...named, '--room-key', join(folder, 'bad.key')]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("bad.key holds no room's key")]);
    expect(existsSync(join(folder, 'no.iso'))).toBe(false);
  });
});

describe('RUNES of an administrator', () => {
  const make = (name: string, ...more: string[]) =>
    kit([
      ...['media', 'create', '--image', image, '--initrd', initrd, '--output', join(folder, name)],
      ...['--runes', join(folder, 'own'), ...more],
    ]);
  beforeAll(() => {
    mkdirSync(join(folder, 'own/runes'), { recursive: true });
    writeFileSync(join(folder, 'own/roles'), 'node: @node greeting\n');
    writeFileSync(join(folder, 'own/runes/greeting.ts'), 'export {};\n');
  });

  test('lie on the boot partition of a stick', () => {
    expect(make('runes.img').status).toBe(0);
    const offset = partitionsOf(join(folder, 'runes.img'))[1]!.start * 512;
    const at = `${join(folder, 'runes.img')}@@${offset}`;
    expect(run('mtype', '-i', at, '::/RUNES/roles')).toBe('node: @node greeting\n');
    expect(run('mtype', '-i', at, '::/RUNES/runes/greeting.ts')).toBe('export {};\n');
  });

  test('lie on a disc', () => {
    expect(make('runes.iso').status).toBe(0);
    const out = join(folder, 'runes-disc');
    run('xorriso', '-osirrox', 'on', '-indev', join(folder, 'runes.iso'), '-extract', '/RUNES', out);
    expect(readFileSync(join(out, 'runes/greeting.ts'), 'utf8')).toBe('export {};\n');
    run('chmod', '-R', 'u+w', out);
  });

  test('must be a folder', () => {
    expect(make('none.img', '--runes', join(folder, 'nowhere'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no directory'),
    });
  });
});

test('an image above 4 GiB fits onto the data partition', async () => {
  const large = join(folder, 'large.viver');
  const target = join(folder, 'large.img');
  const bytes = 4096 * MEBIBYTE + 12_345;
  for (const [path, size] of [
    [large, bytes],
    [target, 4500 * MEBIBYTE],
  ] as const) {
    writeFileSync(path, 'begin');
    truncateSync(path, size);
  }
  await makeDataPartition({
    target,
    extent: { firstSector: 2048, sectors: (4400 * MEBIBYTE) / 512 },
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    timeSeconds: 1_600_000_000,
    image: large,
    imageBytes: bytes,
    name: 'odd "name".viver',
    signal: new AbortController().signal,
  });
  expect(run('e2fsck', '-f', '-n', `${target}?offset=${MEBIBYTE}`)).toMatch(/VIVER: 12\/\d+ files/);
  expect(run('debugfs', '-R', 'ls -l', `${target}?offset=${MEBIBYTE}`)).toMatch(/4294979641 .* odd "name"\.viver/);
});

describe('refusals leave nothing behind', () => {
  test.each([
    ['no image', ['--image', 'FOLDER/none.viver'], /none\.viver/],
    ['a file that is none', ['--image', 'FOLDER/initrd.img'], /no squashfs: wrong magic/],
    ['no initrd', ['--image', 'FOLDER/small.viver', '--initrd', 'FOLDER/none'], /no such file: .*none/],
  ])('%s', (_, args, message) => {
    const directory = mkdtempSync(join(folder, 'refused-'));
    const named = args.map((argument) => argument.replace('FOLDER', folder));
    const result = kit(['media', 'create', ...named, '--output', join(directory, 'x.img')]);
    expect([result.status, result.stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a full disk', () => {
    const disk = join(folder, 'full');
    mkdirSync(disk);
    run('mount', '-t', 'tmpfs', '-o', 'size=4M', 'full', disk);
    try {
      const result = kit(['media', 'create', '--image', image, '--initrd', initrd, '--output', join(disk, 'x.img')]);
      expect([result.status, result.stderr]).toEqual([1, expect.stringMatching(/^viver-kit: .*no space left/m)]);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      run('umount', disk);
    }
  });
});

describe('a device', () => {
  let device: string;
  beforeAll(() => {
    const backing = join(folder, 'disk');
    writeFileSync(backing, '');
    truncateSync(backing, 400 * MEBIBYTE);
    device = run('losetup', '--find', '--show', '--partscan', backing).trim();
  });
  afterAll(() => void run('losetup', '-d', device));

  const create = (...more: string[]) =>
    kit(['media', 'create', '--image', image, '--initrd', initrd, '--output', device, ...more]);

  test('that is built in needs --force, and somebody who says yes', () => {
    expect(create('--yes').stderr).toContain('is built in, not removable; --force takes it all the same');
    expect(create('--force').stderr).toMatch(
      /Everything on \/dev\/loop\d+ .* will be lost\. Nobody is here to confirm it/,
    );
    expect(
      readFileSync(device)
        .subarray(0, MEBIBYTE)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  test('becomes the same stick, its data partition as large as it can be', () => {
    expect(create('--yes', '--force')).toMatchObject({ status: 0 });
    expect(run('sgdisk', '--verify', device)).toContain('No problems found');
    const [, esp, data] = partitionsOf(device);
    expect((data!.start + data!.size) * 512).toBeGreaterThan(398 * MEBIBYTE);
    expect(run('e2fsck', '-f', '-n', `${device}?offset=${data!.start * 512}`)).toMatch(/VIVER: 12\/\d+ files/);
    expect(run('mdir', '-b', '-i', `${device}@@${esp!.start * 512}`, '::/viver')).toContain('boot.json');
  });

  test('that is mounted is refused, whatever is said', () => {
    const mountPoint = join(folder, 'mnt');
    mkdirSync(mountPoint);
    const { start } = partitionsOf(device)[2]!;
    const before = readFileSync(device).subarray(0, MEBIBYTE);
    run('mount', '-o', `loop,ro,offset=${start * 512}`, device, mountPoint);
    try {
      const result = create('--yes', '--force');
      expect([result.status, result.stderr]).toEqual([1, expect.stringContaining('is in use')]);
      expect(readFileSync(device).subarray(0, MEBIBYTE)).toEqual(before);
      expect(existsSync(join(mountPoint, 'small.viver'))).toBe(true);
    } finally {
      run('umount', mountPoint);
    }
  });
});
