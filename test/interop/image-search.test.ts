// The search for images and the new root on real block devices: loop devices stand for a machine's drives. Needs root, and a kernel with
// ext4, squashfs and overlay.

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBE_BYTES, probeFileSystem } from '../../src/images/filesystems.ts';
import { applyRootPlan, planRoot } from '../../src/images/root-plan.ts';
import { chooseImage } from '../../src/images/score.ts';
import { ImageSearch } from '../../src/images/search.ts';
import { createLog, silentLog } from '../../src/log.ts';
import { LinuxSys } from '../../src/sys/linux.ts';
import { decodeMetainfo } from '../../src/vfield/metainfo.ts';
import { kit, makeTree, run } from './kit-tree.ts';

const MEBIBYTE = 2 ** 20;
const sys = new LinuxSys();
let folder: string;
let image: string;
const loops: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-search-'));
  image = join(folder, 'room.viver');
  makeTree(join(folder, 'tree'));
  expect(kit(['image', 'create', '--root', join(folder, 'tree'), '--output', image]).status).toBe(0);
});
afterAll(async () => {
  for (const loop of loops) run('losetup', '-d', loop);
  await sys.close();
  rmSync(folder, { recursive: true, force: true });
});

function emptyFile(name: string, bytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

function attach(file: string): string {
  const loop = run('losetup', '--find', '--show', file).trim();
  loops.push(loop);
  return loop;
}

/** A drive of the machine under test: sysfs says `name`, /dev/NAME is a loop device over `file`. */
function plugIn(name: string, path: string, file: string): void {
  const device = join(folder, 'sys/devices', path, name);
  mkdirSync(join(device, 'queue'), { recursive: true });
  mkdirSync(join(folder, 'sys/class/block'), { recursive: true });
  mkdirSync(join(folder, 'dev'), { recursive: true });
  writeFileSync(join(device, 'size'), `${statSync(file).size / 512}\n`);
  writeFileSync(join(device, 'queue/rotational'), '0\n');
  symlinkSync(device, join(folder, 'sys/class/block', name));
  symlinkSync(attach(file), join(folder, 'dev', name));
}

test('the probes agree with the tools that make file systems', () => {
  const read = (file: string) => probeFileSystem(new Uint8Array(readFileSync(file)).subarray(0, PROBE_BYTES));
  const made = (name: string, mebibytes: number, command: string, ...args: string[]) => {
    const file = emptyFile(name, mebibytes * MEBIBYTE);
    run(command, ...args, file);
    return read(file);
  };
  const uuid = '00112233-4455-6677-8899-aabbccddeeff';
  for (const type of ['ext2', 'ext3', 'ext4']) {
    expect(made(type, 8, 'mke2fs', '-q', '-F', '-t', type, '-L', 'data', '-U', uuid)).toEqual({
      type,
      label: 'data',
      uuid,
    });
  }
  const vfat = { type: 'vfat', label: 'STICK', uuid: '1234-ABCD' };
  expect(made('fat32', 40, 'mkfs.vfat', '-F', '32', '-n', 'STICK', '-i', '1234abcd')).toEqual(vfat);
  expect(made('fat16', 20, 'mkfs.vfat', '-F', '16', '-n', 'STICK', '-i', '1234abcd')).toEqual(vfat);
  expect(made('fat12', 1, 'mkfs.vfat', '-F', '12', '-n', 'STICK', '-i', '1234abcd')).toEqual(vfat);
  const iso = join(folder, 'iso');
  run('xorriso', '-as', 'mkisofs', '-quiet', '-V', 'ROOM', '-o', iso, join(folder, 'tree/etc'));
  expect(read(iso)).toMatchObject({ type: 'iso9660', label: 'ROOM', uuid: expect.stringMatching(/^\d{4}(-\d\d){6}$/) });
  expect(read(image)).toEqual({ type: 'squashfs' });
});

test('images on a raw drive and in an ext4 with an open journal; the root made of the better one', async () => {
  const ext4 = emptyFile('ext4.img', 16 * MEBIBYTE);
  run('mke2fs', '-q', '-F', '-t', 'ext4', ext4);
  run('debugfs', '-w', '-R', `write ${image} Room.VIVER`, ext4);
  run('debugfs', '-w', '-R', 'feature needs_recovery', ext4);
  const raw = emptyFile('raw.img', MEBIBYTE);
  writeFileSync(raw, readFileSync(image), { flag: 'r+' });
  truncateSync(raw, MEBIBYTE);
  const damaged = emptyFile('damaged.img', 8 * MEBIBYTE);
  run('mke2fs', '-q', '-F', '-t', 'ext4', damaged);
  writeFileSync(damaged, readFileSync(damaged).fill(0xff, 4096));
  plugIn('sda', 'pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block', ext4);
  plugIn('nvme0n1', 'pci0000:00/0000:01:00.0/nvme/nvme0', raw);
  plugIn('vda', 'pci0000:00/0000:00:05.0/virtio2/block', damaged);

  const lines: string[] = [];
  const search = new ImageSearch({
    sys,
    sysRoot: join(folder, 'sys'),
    devRoot: join(folder, 'dev'),
    mountRoot: join(folder, 'mnt'),
    loadFileSystem: async () => {},
    decodeMetainfo,
    wanted: {},
    log: createLog((_level, _area, line) => lines.push(line), '', 'debug'),
  });
  const before = readFileSync(ext4);
  const found = await search.scan();
  expect(found.map(({ drive }) => drive.name).sort()).toEqual(['nvme0n1', 'sda']);
  expect(found.every(({ metainfo }) => metainfo.image.label === 'room')).toBe(true);
  expect(lines.filter((line) => line.startsWith('vda: ') && line.includes('skipped'))).toHaveLength(1);
  const choice = chooseImage(found, {})!;
  expect(choice.chosen.drive.name).toBe('nvme0n1');
  await search.release(choice.chosen);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(join(folder, 'mnt'));
  expect(readFileSync(ext4).equals(before)).toBe(true); // not a byte was written
  await makeRoot(choice.chosen.path);
});

/** Applies the plan below a folder and looks at the root that comes of it. */
async function makeRoot(device: string): Promise<void> {
  const prefix = join(folder, 'boot');
  const root = join(prefix, 'newroot');
  try {
    await applyRootPlan(planRoot({ device, overlay: { bytes: 8 * MEBIBYTE }, prefix }), sys, silentLog);
    const noise = readFileSync(join(folder, 'tree/opt/noise'));
    expect(readFileSync(join(root, 'opt/noise')).equals(noise)).toBe(true);
    writeFileSync(join(root, 'opt/noise'), 'changed');
    expect(readFileSync(join(root, 'run/viver/image/opt/noise')).equals(noise)).toBe(true);
    expect(() => writeFileSync(join(root, 'run/viver/image/x'), '')).toThrow(/EROFS/);
    expect(() => writeFileSync(join(root, 'large'), Buffer.alloc(9 * MEBIBYTE))).toThrow(/ENOSPC/);
    expect(statSync(join(root, 'run')).mode & 0o7777).toBe(0o755);
    expect(readFileSync(join(root, 'proc/self/comm'), 'utf8').length).toBeGreaterThan(0);
    expect(statSync(join(root, 'sys/class/block')).isDirectory()).toBe(true);
    expect(statSync(join(root, 'dev/null')).isCharacterDevice()).toBe(true);
  } finally {
    for (const place of ['newroot', 'overlay', 'image']) run('umount', '-R', '-l', join(prefix, place));
  }
}
