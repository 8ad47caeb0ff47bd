// The two ways from a stick that are compared, of the same kernel and the same squashfs: Viver's stick and initrd, and a stick as dracut's
// dmsquash-live wants it (an ext4 labelled LIVE with LiveOS/squashfs.img) with an initrd of dracut. All of it lies under out/bench.

import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInitrd } from '../../build/initrd.ts';
import { runChecked } from '../../kit/child.ts';
import { readImageFile } from '../../kit/image-file.ts';
import { createMedia } from '../../kit/media/create-media.ts';
import { encodeGpt, GPT_END_SECTORS, guidFromHash, PartitionType, SECTOR_BYTES } from '../../kit/media/gpt.ts';
import { makeDebianSystem } from '../../lab/debian.ts';
import { makeImage } from '../../lab/demonstration/media.ts';
import { LAB_DIRECTORY, PROJECT_DIRECTORY } from '../../lab/room-paths.ts';
import { silentLog } from '../../src/log.ts';

/** What is started: everything that differs between the two sides. */
export interface BootedWay {
  readonly name: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly initrdBytes: number;
  readonly stick: string;
  /** Kernel parameters of its own. */
  readonly parameters: string;
  /** How many systemds of this way say that they run: the last one is the real init. */
  readonly systemds: number;
}

const DIRECTORY = join(PROJECT_DIRECTORY, 'out', 'bench');
const MIB = 2 ** 20;
const FIRST_SECTOR = MIB / SECTOR_BYTES;

/** Makes both anew, ours and dracut's; only what takes minutes (system, image, compressed parts) is kept from the last time. */
export async function makeWays(say: (line: string) => void): Promise<{ ours: BootedWay; dracut: BootedWay }> {
  await mkdir(DIRECTORY, { recursive: true });
  const system = await makeDebianSystem(LAB_DIRECTORY, silentLog);
  const image = await makeImage(LAB_DIRECTORY, system);
  const release = (await readImageFile(image)).metainfo.image.kernelRelease;
  const kernel = join(system.root, 'boot', `vmlinuz-${release}`);
  const modules = join(system.root, 'lib', 'modules', release);
  return {
    ours: await makeOurs(image, kernel, modules, release, say),
    dracut: await makeDracuts(image, kernel, modules, release, say),
  };
}

async function makeOurs(
  image: string,
  kernel: string,
  modulesDirectory: string,
  release: string,
  say: (line: string) => void,
): Promise<BootedWay> {
  say('an initrd and a stick of ours');
  const [initrd, stick] = [join(DIRECTORY, 'viver-initrd.img'), join(DIRECTORY, 'viver-stick.img')];
  await buildInitrd({ modulesDirectory, release, output: initrd });
  const consent = { force: false, yes: false };
  await createMedia({ image, output: stick, format: 'stick', kernel, initrd, consent, say });
  const initrdBytes = (await stat(initrd)).size;
  return { name: 'viver', kernel, initrd, initrdBytes, stick, parameters: 'viver.role=first', systemds: 1 };
}

async function makeDracuts(
  image: string,
  kernel: string,
  modules: string,
  release: string,
  say: (line: string) => void,
): Promise<BootedWay> {
  say('an initrd and a stick of dracut');
  const [initrd, stick] = [join(DIRECTORY, `dracut-${release}.img`), join(DIRECTORY, 'dracut-stick.img')];
  if (!(await stat(initrd).catch(() => undefined))) await makeDracutInitrd(initrd, modules, release);
  await makeLiveStick(stick, image);
  const live = 'root=live:LABEL=LIVE rd.live.image rd.live.squashimg=squashfs.img rd.live.overlay.overlayfs=1';
  const initrdBytes = (await stat(initrd)).size;
  return { name: 'dracut', kernel, initrd, initrdBytes, stick, parameters: live, systemds: 2 };
}

/** For any hardware, as ours is; the programs inside come from this Debian. zstd is both smaller and quicker than dracut's own choice, gzip. */
async function makeDracutInitrd(output: string, modules: string, release: string): Promise<void> {
  const partial = `${output}.partial`;
  const kernel = ['--kver', release, '--kmoddir', modules];
  await runChecked('dracut', ['--force', '--no-hostonly', '--zstd', '--add', 'dmsquash-live', ...kernel, partial]);
  await rename(partial, output);
}

/** One partition with the same squashfs, without the part behind it that is ours. */
async function makeLiveStick(stick: string, image: string): Promise<void> {
  const folder = join(DIRECTORY, 'live');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'LiveOS'), { recursive: true });
  const squashfs = join(folder, 'LiveOS', 'squashfs.img');
  const { metainfo } = await readImageFile(image);
  await copyFile(image, squashfs, constants.COPYFILE_FICLONE);
  await truncate(squashfs, metainfo.lengthBytes);
  const sectors = Math.ceil((metainfo.lengthBytes * 1.05) / MIB + 16) * FIRST_SECTOR;
  await writeTable(stick, sectors);
  const size = `${(sectors * SECTOR_BYTES) / 1024}k`;
  const offset = `offset=${FIRST_SECTOR * SECTOR_BYTES}`;
  await runChecked('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', 'LIVE', '-E', offset, '-d', folder, stick, size]);
  await rm(folder, { recursive: true });
}

async function writeTable(stick: string, sectors: number): Promise<void> {
  const diskSectors = FIRST_SECTOR + sectors + GPT_END_SECTORS;
  const guid = (byte: number) => guidFromHash(new Uint8Array(16).fill(byte));
  const partition = { type: PartitionType.linuxData, guid: guid(2), firstSector: FIRST_SECTOR, sectors, name: 'LIVE' };
  const { start, end } = encodeGpt({ diskSectors, diskGuid: guid(1), partitions: [partition] });
  await writeFile(stick, start);
  await truncate(stick, diskSectors * SECTOR_BYTES);
  const file = await open(stick, 'r+');
  await file.write(end, 0, end.length, (diskSectors - GPT_END_SECTORS) * SECTOR_BYTES);
  await file.close();
}
