// An image becomes a boot medium: kernel, initrd, loaders and the image itself on one stick that BIOS and UEFI start.
// Files are made whole or not at all. On a device the partition table is written last: an interrupted stick is an empty one.

import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BootSet } from '../../src/images/boot-set.ts';
import { runChecked } from '../child.ts';
import { type ImageFile, readChunks, readImageFile } from '../image-file.ts';
import { checkOutputPath, withScratch, writeWhole } from '../output-file.ts';
import { formatSize, startProgress } from '../progress-bar.ts';
import { type BootFile, bootFiles, makeBootPartition, totalBytes } from './boot-partition.ts';
import { prepareBootSource } from './boot-source.ts';
import { makeDataPartition, offsetBytes } from './data-partition.ts';
import { encodeGpt, GPT_END_SECTORS, guidFromHash, PartitionType, SECTOR_BYTES } from './gpt.ts';
import { CORE_MODULES, CORE_PREFIX, patchBootImage, patchCoreImage } from './grub.ts';
import { type MediaLayout, planLayout } from './layout.ts';
import { checkUnused, confirmDevice, type DeviceConsent, type DeviceFacts, deviceFacts } from './target.ts';

export interface CreateMediaOptions {
  readonly image: string;
  /** A file to make, or a block device to overwrite. */
  readonly output: string;
  /** Instead of the kernel inside the image. */
  readonly kernel?: string;
  /** Instead of one made for the image's kernel. */
  readonly initrd?: string;
  /** Kernel parameters behind DEFAULT_APPEND. */
  readonly append?: string;
  readonly consent: DeviceConsent;
  readonly say: (line: string) => void;
}

/**
 * The serial line sees the kernel's messages, the screen has them too and is /dev/console (the last one named), since most PCs have no
 * serial port. systemd starts a login on both by itself. printk.devkmsg: no line of ours is lost to the rate limit.
 */
export const DEFAULT_APPEND = 'console=ttyS0,115200 console=tty0 printk.devkmsg=on';
const GRUB_FOLDER = '/usr/lib/grub/i386-pc';

/** Everything that a medium is made of, before a byte of it is written. */
interface MediaPlan {
  readonly image: ImageFile;
  readonly layout: MediaLayout;
  readonly files: readonly BootFile[];
  readonly bootCode: Uint8Array;
  readonly coreImage: Uint8Array;
  readonly scratch: string;
  readonly timeSeconds: number;
}

/** Makes the medium. @throws ViverError KIT_*, IMAGE_*, INITRD_* with one clear line */
export async function createMedia(options: CreateMediaOptions): Promise<void> {
  const image = await readImageFile(options.image);
  const device = await deviceFacts(options.output);
  if (device) {
    planLayout(0, image.lengthBytes, device.sizeBytes);
    await confirmDevice(device, options.consent);
  } else await checkOutputPath(options.output);
  // Beside the file, where there has to be room anyway; for a device in the usual place.
  const scratchNear = device ? join(tmpdir(), `viver-${device.name}`) : options.output;
  await withScratch(scratchNear, async (scratch, signal) => {
    const plan = await planMedia(options, image, device, scratch, signal);
    if (device) await writeDevice(device, plan, signal);
    else await writeFileMedium(options.output, plan);
    options.say(
      `${options.output}: ${image.metainfo.image.label}, ${formatSize(plan.layout.diskSectors * SECTOR_BYTES)}`,
    );
  });
}

async function planMedia(
  options: CreateMediaOptions,
  image: ImageFile,
  device: DeviceFacts | undefined,
  scratch: string,
  signal: AbortSignal,
): Promise<MediaPlan> {
  const { kernel, initrd } = await prepareBootSource({ ...options, image, scratch, signal });
  const files = await bootFiles(bootSetOf(image, options.append), kernel, initrd, scratch);
  const layout = planLayout(await totalBytes(files), image.lengthBytes, device?.sizeBytes);
  const core = join(scratch, 'core.img');
  await runChecked('grub-mkimage', ['-O', 'i386-pc', '-p', CORE_PREFIX, '-o', core, ...CORE_MODULES], { signal });
  const { firstSector, sectors } = layout.biosBoot;
  return {
    image,
    layout,
    files,
    scratch,
    bootCode: patchBootImage(await readFile(`${GRUB_FOLDER}/boot.img`), firstSector),
    coreImage: patchCoreImage(await readFile(core), firstSector, sectors * SECTOR_BYTES),
    timeSeconds: image.metainfo.createdSeconds ?? image.superblock.createdSeconds,
  };
}

/** What boot.json says of a medium with this image. */
export function bootSetOf(image: ImageFile, append?: string): BootSet {
  return {
    version: 1,
    kernel: 'viver/vmlinuz',
    initrd: 'viver/initrd.img',
    append: [DEFAULT_APPEND, append].filter(Boolean).join(' '),
    kernelRelease: image.metainfo.image.kernelRelease,
    image: {
      label: image.metainfo.image.label,
      infoHash: Buffer.from(image.metainfo.infoHashV2).toString('hex'),
    },
  };
}

async function writeFileMedium(output: string, plan: MediaPlan): Promise<void> {
  await writeWhole(output, async (partial, signal) => {
    const file = await open(partial, 'w');
    await file.close();
    await truncate(partial, plan.layout.diskSectors * SECTOR_BYTES);
    await writeContents(partial, plan, true, signal);
  });
}

async function writeDevice(device: DeviceFacts, plan: MediaPlan, signal: AbortSignal): Promise<void> {
  await checkUnused(device.path);
  await writeContents(device.path, plan, false, signal);
  // The kernel learns of the partitions by itself when the stick is plugged in again; now is friendlier, and may be refused.
  await runChecked('blockdev', ['--rereadpt', device.path]).catch(() => {});
}

/** @param sparse The target is full of zeros already. */
async function writeContents(target: string, plan: MediaPlan, sparse: boolean, signal: AbortSignal): Promise<void> {
  const { layout, image } = plan;
  const esp = join(plan.scratch, 'esp.img');
  const volumeId = Buffer.from(image.metainfo.infoHashV2).readUInt32BE(0);
  await makeBootPartition(plan.files, esp, layout.efiSystem, volumeId, plan.timeSeconds, signal);
  const file = await open(target, 'r+');
  try {
    if (!sparse) await clearTable(file, layout);
    await copyInto(file, esp, offsetBytes(layout.efiSystem), sparse, signal);
    await file.write(plan.coreImage, 0, plan.coreImage.length, offsetBytes(layout.biosBoot));
    await file.sync();
    await makeDataPartition({
      target,
      extent: layout.data,
      uuid: derivedGuid(image, 'data file system'),
      timeSeconds: plan.timeSeconds,
      image: image.path,
      imageBytes: image.lengthBytes,
      name: `${image.metainfo.image.label}.viver`,
      signal,
    });
    await writeTable(file, plan);
    const progress = startProgress('Waiting until all is on the medium');
    await file.sync();
    progress.done();
  } finally {
    await file.close();
  }
}

async function writeTable(file: FileHandle, { layout, image, bootCode }: MediaPlan): Promise<void> {
  const { diskSectors, biosBoot, efiSystem, data } = layout;
  const guid = (purpose: string) => derivedGuid(image, purpose);
  const { start, end } = encodeGpt({
    diskSectors,
    bootCode,
    diskGuid: guid('disk'),
    partitions: [
      { ...biosBoot, type: PartitionType.biosBoot, guid: guid('bios'), name: 'BIOS boot' },
      { ...efiSystem, type: PartitionType.efiSystem, guid: guid('esp'), name: 'Viver boot' },
      { ...data, type: PartitionType.linuxData, guid: guid('data'), name: 'Viver images' },
    ],
  });
  await file.write(end, 0, end.length, (diskSectors - GPT_END_SECTORS) * SECTOR_BYTES);
  await file.write(start, 0, start.length, 0);
}

/** Takes the old table away, both copies, and what old loaders left before the first partition. */
async function clearTable(file: FileHandle, { biosBoot, diskSectors }: MediaLayout): Promise<void> {
  const front = Buffer.alloc((biosBoot.firstSector + biosBoot.sectors) * SECTOR_BYTES);
  await file.write(front, 0, front.length, 0);
  const back = Buffer.alloc(GPT_END_SECTORS * SECTOR_BYTES);
  await file.write(back, 0, back.length, (diskSectors - GPT_END_SECTORS) * SECTOR_BYTES);
}

async function copyInto(
  target: FileHandle,
  source: string,
  offset: number,
  sparse: boolean,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(source, 'r');
  const progress = startProgress(`Copying ${basename(source) === 'esp.img' ? 'boot files' : basename(source)}`);
  try {
    const { size } = await file.stat();
    let done = 0;
    for await (const chunk of readChunks(file, 0, size)) {
      signal.throwIfAborted();
      if (!sparse || chunk.some((byte) => byte !== 0)) await target.write(chunk, 0, chunk.length, offset + done);
      done += chunk.length;
      progress.update(done / size);
    }
    progress.done();
  } finally {
    await file.close();
  }
}

/** Equal images give equal media: every identity comes from the info hash. */
function derivedGuid(image: ImageFile, purpose: string): string {
  return guidFromHash(createHash('sha256').update(image.metainfo.infoHashV2).update(purpose).digest());
}
