import { describe, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { createLog } from '../log.ts';
import { FakeSys } from '../sys/fake.ts';
import type { MountRequest } from '../sys/sys.ts';
import { PROBE_BYTES } from './filesystems.ts';
import { encodeImageTrailer, headerOffset } from './format.ts';
import type { WantedImage } from './score.ts';
import { ImageSearch } from './search.ts';
import { DEVICE_PATHS, plugIn } from './testdata/machine.ts';
import { squashfsHead } from './testdata/squashfs-head.ts';

const SQUASHFS_BYTES = 5000;
const LENGTH_BYTES = headerOffset({ bytesUsed: SQUASHFS_BYTES } as Parameters<typeof headerOffset>[0]);

/** An image whose metainfo is the label as text. */
function imageBytes(label: string): Uint8Array {
  const trailer = encodeImageTrailer(new TextEncoder().encode(label));
  const bytes = new Uint8Array(LENGTH_BYTES + trailer.length);
  bytes.set(squashfsHead({ bytesUsed: SQUASHFS_BYTES }));
  bytes.set(trailer, LENGTH_BYTES);
  return bytes;
}

function decodeMetainfo(bytes: Uint8Array) {
  const label = new TextDecoder().decode(bytes);
  if (label === 'forged') throw new ViverError('METAINFO_BAD', 'metainfo: hashes do not lead to the root');
  return { lengthBytes: label === 'misfit' ? 1 : LENGTH_BYTES, image: { label, kernelRelease: '6.1' } };
}

function ext4(): Uint8Array {
  const bytes = new Uint8Array(PROBE_BYTES);
  bytes.set([0x53, 0xef], 1024 + 0x38);
  bytes.set([0x46], 1024 + 0x60);
  return bytes;
}

/** Mounts fail on the drives in `broken`. */
class Machine extends FakeSys {
  readonly broken = new Set<string>();
  readonly history: string[] = [];

  override async mount(request: MountRequest): Promise<void> {
    if (this.broken.has(request.source)) throw new ViverError('SYS_COMMAND_FAILED', 'wrong fs type, bad superblock');
    this.history.push(`${request.source} ${request.type} ${request.options?.join(',')}`);
    await super.mount(request);
  }
}

function searchOn(sys: Machine, wanted: WantedImage = {}, driveTimeoutMs = 1000) {
  const lines: string[] = [];
  const modules: string[] = [];
  const search = new ImageSearch({
    sys,
    sysRoot: '/sys',
    devRoot: '/dev',
    mountRoot: '/m',
    loadFileSystem: async (type) => void modules.push(type),
    decodeMetainfo,
    wanted,
    log: createLog((level, _area, message) => lines.push(`${level} ${message}`), '', 'debug'),
    driveTimeoutMs,
  });
  return { search, lines, modules };
}

/** A stick with an ext4 in its third partition, and what is in that. */
function stick(files: Record<string, Uint8Array>): Machine {
  const sys = new Machine();
  plugIn(sys, { path: DEVICE_PATHS.usb, partitions: { 3: 500 } });
  sys.files.set('/dev/sdb', new Uint8Array(PROBE_BYTES));
  sys.files.set('/dev/sdb3', ext4());
  for (const [path, bytes] of Object.entries(files)) sys.files.set(`/m/sdb3/${path}`, bytes);
  return sys;
}

describe('ImageSearch', () => {
  test('finds images in the root and in the usual folders, whatever the case', async () => {
    const image = imageBytes('debian');
    const { search, modules } = searchOn(
      stick({
        'a.viver': image,
        'B.VIVER': image,
        'Boot/c.viver': image,
        'viver/d.viver': image,
        'images/e.viver': image,
        'home/f.viver': image,
        '._a.viver': image,
        'notes.txt': image,
      }),
    );
    const found = await search.scan();
    expect(found.map(({ path }) => path).sort()).toEqual(
      ['/B.VIVER', '/Boot/c.viver', '/a.viver', '/images/e.viver', '/viver/d.viver'].map((path) => `/m/sdb3${path}`),
    );
    expect(found[0]).toMatchObject({ mountPoint: '/m/sdb3', drive: { name: 'sdb3' }, fileSystem: { type: 'ext4' } });
    expect(modules).toEqual(['ext4']);
  });

  test('mounts so that not even a journal is replayed', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    await searchOn(sys).search.scan();
    expect(sys.history).toEqual(['/dev/sdb3 ext4 ro,nosuid,nodev,noexec,noload']);
  });

  test('a raw image on a partition and on a whole disk', async () => {
    const sys = new Machine();
    plugIn(sys, { path: DEVICE_PATHS.nvme, partitions: { 1: 10 } });
    plugIn(sys, { path: DEVICE_PATHS.virtio });
    sys.files.set('/dev/nvme0n1', new Uint8Array(PROBE_BYTES));
    sys.files.set('/dev/nvme0n1p1', imageBytes('on a partition'));
    sys.files.set('/dev/vda', imageBytes('on a disk'));
    const found = await searchOn(sys).search.scan();
    expect(found.map(({ path, metainfo }) => [path, metainfo.image.label]).sort()).toEqual([
      ['/dev/nvme0n1p1', 'on a partition'],
      ['/dev/vda', 'on a disk'],
    ]);
    expect(sys.mounts).toEqual([]);
  });

  test('what is no usable image is said and passed over', async () => {
    const whole = imageBytes('good');
    const sys = stick({
      'good.viver': whole,
      'short.viver': whole.subarray(0, whole.length - 1),
      'empty.viver': new Uint8Array(),
      'text.viver': new TextEncoder().encode('no image at all, but long enough for a superblock'.repeat(4)),
      'forged.viver': imageBytes('forged'),
      'misfit.viver': imageBytes('misfit'),
      'plain.viver': whole.subarray(0, LENGTH_BYTES),
    });
    const { search, lines } = searchOn(sys);
    expect((await search.scan()).map(({ name }) => name)).toEqual(['good.viver']);
    const said = lines.filter((line) => line.startsWith('warn')).map((line) => /sdb3:\/(\w+)/.exec(line)?.[1]);
    expect(said.sort()).toEqual(['empty', 'forged', 'misfit', 'plain', 'short', 'text']);
  });

  test('a damaged file system and a dead drive do not hide the others', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    plugIn(sys, { path: DEVICE_PATHS.sata, partitions: { 1: 10 } });
    plugIn(sys, { path: DEVICE_PATHS.virtio });
    sys.files.set('/dev/sda1', ext4());
    sys.broken.add('/dev/sda1'); // and /dev/sda, /dev/vda cannot be read at all
    const { search, lines } = searchOn(sys);
    expect((await search.scan()).map(({ name }) => name)).toEqual(['a.viver']);
    expect(lines).toContain('info sda1: 10 MiB, sata: skipped, wrong fs type, bad superblock');
    expect(lines.filter((line) => line.includes('skipped')).length).toBe(3);
  });

  test('an empty CD drive is no news, and is asked no more than three times', async () => {
    const sys = stick({});
    plugIn(sys, { path: DEVICE_PATHS.cd });
    let asked = 0;
    const read = sys.readBytes.bind(sys);
    sys.readBytes = async (path, offset, length) => {
      if (path !== '/dev/sr0') return await read(path, offset, length);
      asked++;
      throw Object.assign(new Error('Unknown system error -123'), { errno: -123, syscall: 'open' });
    };
    const { search, lines } = searchOn(sys);
    for (let scan = 0; scan < 5; scan++) await search.scan();
    expect(asked).toBe(3);
    expect(lines.filter((line) => line.includes('sr0'))).toEqual(
      Array(3).fill('debug sr0: 1024 MiB, cd, sata: skipped, no medium in it'),
    );
  });

  test('a drive that does not answer is given up', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    plugIn(sys, { path: DEVICE_PATHS.virtio });
    const read = sys.readBytes.bind(sys);
    sys.readBytes = (path, offset, length) =>
      path === '/dev/vda' ? new Promise(() => {}) : read(path, offset, length);
    const { search, lines } = searchOn(sys, {}, 20);
    expect(await search.scan()).toHaveLength(1);
    expect(lines).toContain('info vda: 1024 MiB, virtio: skipped, no answer for 0.02 s');
  });

  test('each drive is looked at once, new ones at the next scan', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    const { search } = searchOn(sys);
    await search.scan();
    plugIn(sys, { path: DEVICE_PATHS.virtio });
    sys.files.set('/dev/vda', imageBytes('late'));
    expect((await search.scan()).map(({ name }) => name)).toEqual(['a.viver', 'vda']);
    expect(sys.history).toHaveLength(1);
  });

  test('what holds no image is unmounted at once, the rest when the choice is made', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    plugIn(sys, { path: DEVICE_PATHS.sata, partitions: { 1: 10, 2: 10 } });
    for (const path of ['/dev/sda1', '/dev/sda2']) sys.files.set(path, ext4());
    sys.files.set('/m/sda2/b.viver', imageBytes('b'));
    const { search } = searchOn(sys);
    const found = await search.scan();
    expect(sys.mounts.map(({ target }) => target).sort()).toEqual(['/m/sda2', '/m/sdb3']);
    await search.release(found.find(({ name }) => name === 'b.viver'));
    expect(sys.mounts.map(({ target }) => target)).toEqual(['/m/sda2']);
    await search.release();
    expect(sys.mounts).toEqual([]);
  });

  test('a wanted medium is searched first, and alone when the image is on it', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    plugIn(sys, { path: DEVICE_PATHS.sata, partitions: { 1: 10 } });
    sys.files.set('/dev/sda1', ext4());
    expect(await searchOn(sys, { media: ['usb'] }).search.scan()).toHaveLength(1);
    expect(sys.history).toEqual([expect.stringContaining('/dev/sdb3')]);
  });

  test('a wanted medium without an image: all are searched', async () => {
    const sys = stick({ 'a.viver': imageBytes('a') });
    expect(await searchOn(sys, { media: ['nvme'] }).search.scan()).toHaveLength(1);
  });

  test('an ISO 9660 over the whole of a stick with partitions is searched', async () => {
    const sys = stick({});
    const iso = new Uint8Array(PROBE_BYTES);
    iso.set(new TextEncoder().encode('CD001'), 32769);
    sys.files.set('/dev/sdb', iso);
    sys.files.set('/m/sdb/viver/a.viver', imageBytes('a'));
    expect((await searchOn(sys).search.scan()).map(({ path }) => path)).toEqual(['/m/sdb/viver/a.viver']);
  });
});
