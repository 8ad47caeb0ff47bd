// A stick: partition table, GRUB for BIOS, the boot partition and the data partition, written to a file or to a device.
// On a device the partition table is written last: an interrupted stick is an empty one.

import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../child.ts';
import { type ImageFile, readChunks } from '../image-file.ts';
import { startProgress } from '../progress-bar.ts';
import type { BootMedium } from './boot-medium.ts';
import { makeBootPartition, totalBytes } from './boot-partition.ts';
import { makeDataPartition, offsetBytes } from './data-partition.ts';
import { encodeGpt, GPT_END_SECTORS, guidFromHash, PartitionType, SECTOR_BYTES } from './gpt.ts';
import { CORE_MODULES, CORE_PREFIX, GRUB_FOLDER, patchBootImage, patchCoreImage } from './grub.ts';
import { type MediaLayout, planLayout } from './layout.ts';

/** Everything that a stick is made of, before a byte of it is written. */
export interface StickPlan extends BootMedium {
  readonly layout: MediaLayout;
  readonly bootCode: Uint8Array;
  readonly coreImage: Uint8Array;
}

/** @param deviceBytes Size of the device; without it a file of the size that is needed. @throws ViverError KIT_TARGET_TOO_SMALL */
export async function planStick(medium: BootMedium, signal: AbortSignal, deviceBytes?: number): Promise<StickPlan> {
  const layout = planLayout(await totalBytes(medium.files), medium.image.lengthBytes, deviceBytes);
  const core = join(medium.scratch, 'core.img');
  await runChecked('grub-mkimage', ['-O', 'i386-pc', '-p', CORE_PREFIX, '-o', core, ...CORE_MODULES], { signal });
  const { firstSector, sectors } = layout.biosBoot;
  return {
    ...medium,
    layout,
    bootCode: patchBootImage(await readFile(`${GRUB_FOLDER}/boot.img`), firstSector),
    coreImage: patchCoreImage(await readFile(core), firstSector, sectors * SECTOR_BYTES),
  };
}

/** Makes a sparse file of the stick's size at `path` and fills it. */
export async function writeStickFile(path: string, plan: StickPlan, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'w');
  await file.close();
  await truncate(path, plan.layout.diskSectors * SECTOR_BYTES);
  await writeContents(path, plan, true, signal);
}

/** Overwrites a device; the caller has made sure that nobody uses it. */
export async function writeStickDevice(path: string, plan: StickPlan, signal: AbortSignal): Promise<void> {
  await writeContents(path, plan, false, signal);
  // The kernel learns of the partitions by itself when the stick is plugged in again; now is friendlier, and may be refused.
  await runChecked('blockdev', ['--rereadpt', path]).catch(() => {});
}

/** @param sparse The target is full of zeros already. */
async function writeContents(target: string, plan: StickPlan, sparse: boolean, signal: AbortSignal): Promise<void> {
  const { layout, image } = plan;
  const esp = join(plan.scratch, 'esp.img');
  const volumeId = Buffer.from(image.metainfo.infoHashV2).readUInt32BE(0);
  const format = { bits: 32, volumeId, timeSeconds: plan.timeSeconds } as const;
  await makeBootPartition(plan.files, esp, layout.efiSystem, format, signal);
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

async function writeTable(file: FileHandle, { layout, image, bootCode }: StickPlan): Promise<void> {
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
  const progress = startProgress('Copying boot files');
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
