// An image becomes a boot medium: kernel, initrd, loaders and the image itself on a stick or a disc that BIOS and UEFI start.
// Files are made whole or not at all.

import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import type { BootSet } from '../../src/images/boot-set.ts';
import { type ImageFile, readImageFile } from '../image-file.ts';
import { checkOutputPath, withScratch, writeWhole } from '../output-file.ts';
import { formatSize } from '../progress-bar.ts';
import type { BootMedium } from './boot-medium.ts';
import { type BootFile, bootFiles, ROOM_KEY_PATH } from './boot-partition.ts';
import { prepareBootSource } from './boot-source.ts';
import { writeIso } from './iso.ts';
import { planLayout } from './layout.ts';
import { roomKeyText } from './room-key.ts';
import { runeFiles } from './rune-files.ts';
import { planStick, writeStickDevice, writeStickFile } from './stick.ts';
import { checkUnused, confirmDevice, type DeviceConsent, type DeviceFacts, deviceFacts } from './target.ts';

export interface CreateMediaOptions {
  readonly image: string;
  /** A file to make, or a block device to overwrite. */
  readonly output: string;
  /** A stick, or a disc to burn. */
  readonly format: 'stick' | 'iso';
  /** Instead of the kernel inside the image. */
  readonly kernel?: string;
  /** Instead of one made for the image's kernel. */
  readonly initrd?: string;
  /** Kernel parameters behind DEFAULT_APPEND. */
  readonly append?: string;
  /** A folder with roles, runes and the like: RUNES of the medium. */
  readonly runes?: string;
  /** File of the room's key; without it, and without one among `runes`, the medium gets a key of its own. */
  readonly roomKey?: string;
  readonly consent: DeviceConsent;
  readonly say: (line: string) => void;
}

/**
 * The serial line sees the kernel's messages, the screen has them too and is /dev/console (the last one named), since most PCs have no
 * serial port. systemd starts a login on both by itself. printk.devkmsg: no line of ours is lost to the rate limit.
 */
export const DEFAULT_APPEND = 'console=ttyS0,115200 console=tty0 printk.devkmsg=on';

/** Makes the medium. @throws ViverError KIT_*, IMAGE_*, INITRD_* with one clear line */
export async function createMedia(options: CreateMediaOptions): Promise<void> {
  const image = await readImageFile(options.image);
  const device = await deviceFacts(options.output);
  await checkTarget(options, image, device);
  // Beside the file, where there has to be room anyway; for a device in the usual place.
  const scratchNear = device ? join(tmpdir(), `viver-${device.name}`) : options.output;
  await withScratch(scratchNear, async (scratch, signal) => {
    const { kernel, initrd } = await prepareBootSource({ ...options, image, scratch, signal });
    const own = options.runes === undefined ? [] : await runeFiles(options.runes);
    const isKey = ({ path }: BootFile) => path === ROOM_KEY_PATH;
    const roomKey = await roomKeyText(options.roomKey ?? own.find(isKey)?.source);
    const common = await bootFiles(bootSetOf(image, options.append), { kernel, initrd, roomKey }, scratch);
    const files = [...common, ...own.filter((file) => !isKey(file))];
    const timeSeconds = image.metainfo.createdSeconds ?? image.superblock.createdSeconds;
    await writeMedium(options, { image, files, scratch, timeSeconds }, device, signal);
  });
  const bytes = device?.sizeBytes ?? (await stat(options.output)).size;
  options.say(`${options.output}: ${image.metainfo.image.label}, ${formatSize(bytes)}`);
}

async function checkTarget(options: CreateMediaOptions, image: ImageFile, device?: DeviceFacts): Promise<void> {
  if (!device) return await checkOutputPath(options.output);
  if (options.format === 'iso') {
    throw new ViverError('KIT_TARGET_REFUSED', `${options.output}: a disc is written to a file, and burnt from there`);
  }
  planLayout(0, image.lengthBytes, device.sizeBytes);
  await confirmDevice(device, options.consent);
}

async function writeMedium(
  { output, format }: CreateMediaOptions,
  medium: BootMedium,
  device: DeviceFacts | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (device) {
    const plan = await planStick(medium, signal, device.sizeBytes);
    await checkUnused(device.path); // the initrd took a while to make; somebody may have mounted it meanwhile
    await writeStickDevice(device.path, plan, signal);
  } else if (format === 'iso') {
    await writeWhole(output, async (partial, inner) => await writeIso(partial, medium, inner));
  } else {
    const plan = await planStick(medium, signal);
    await writeWhole(output, async (partial, inner) => await writeStickFile(partial, plan, inner));
  }
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
