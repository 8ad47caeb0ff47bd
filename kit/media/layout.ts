// Where everything lies on a stick. Pure.
//
//   0      protective MBR with GRUB's boot.img, GPT
//   1 MiB  BIOS boot partition: GRUB's core.img             (1 MiB)
//   2 MiB  EFI system partition, FAT32: loaders, kernel, initrd, boot.json
//          data partition, ext4, VIVER: the image           (to the end of a device; as small as can be in a file)
//   end    GPT again

import { ViverError } from '../../src/errors.ts';
import { GPT_END_SECTORS, SECTOR_BYTES } from './gpt.ts';

const MEBIBYTE = 1024 * 1024;
const ALIGNMENT_SECTORS = MEBIBYTE / SECTOR_BYTES;
/** Room beside what is put on the boot partition, for another kernel and initrd while the old ones are still there. */
const ESP_SPARE_BYTES = 64 * MEBIBYTE;
/** FAT32 begins at 65525 clusters (Microsoft FAT specification 3.5); some more, as firmware counts in its own way. */
const FAT32_LEAST_CLUSTERS = 66_000;
const ESP_LEAST_BYTES = 36 * MEBIBYTE;
/** ext4's own needs: inode tables, bitmaps, group descriptors and room for them to grow. */
const EXT4_PART = 0.02;
const EXT4_LEAST_BYTES = 24 * MEBIBYTE;

export interface Extent {
  readonly firstSector: number;
  readonly sectors: number;
}

export interface MediaLayout {
  readonly diskSectors: number;
  readonly biosBoot: Extent;
  readonly efiSystem: Extent;
  readonly data: Extent;
}

/**
 * @param bootBytes Sum of the files of the boot partition.
 * @param imageBytes Length of the image file.
 * @param diskBytes Size of the device; a file becomes as large as needed.
 * @throws ViverError KIT_TARGET_TOO_SMALL
 */
export function planLayout(bootBytes: number, imageBytes: number, diskBytes?: number): MediaLayout {
  const biosBoot = { firstSector: ALIGNMENT_SECTORS, sectors: ALIGNMENT_SECTORS };
  const espBytes = Math.max(ESP_LEAST_BYTES, bootBytes + ESP_SPARE_BYTES);
  const efiSystem = { firstSector: 2 * ALIGNMENT_SECTORS, sectors: alignedSectors(espBytes) };
  const dataFirst = efiSystem.firstSector + efiSystem.sectors;
  const neededSectors = alignedSectors(imageBytes * (1 + EXT4_PART) + EXT4_LEAST_BYTES);
  const leastSectors = dataFirst + neededSectors + ALIGNMENT_SECTORS;
  const diskSectors = diskBytes === undefined ? leastSectors : Math.floor(diskBytes / SECTOR_BYTES);
  if (diskSectors < leastSectors) {
    const [has, needs] = [diskSectors, leastSectors].map((sectors) => Math.ceil((sectors * SECTOR_BYTES) / MEBIBYTE));
    throw new ViverError('KIT_TARGET_TOO_SMALL', `the target has ${has} MiB, ${needs} MiB are needed`);
  }
  const usable = diskSectors - GPT_END_SECTORS - dataFirst;
  const sectors = Math.floor(usable / ALIGNMENT_SECTORS) * ALIGNMENT_SECTORS;
  return { diskSectors, biosBoot, efiSystem, data: { firstSector: dataFirst, sectors } };
}

/** Sectors in a cluster of the boot partition: as large as FAT32 allows, since loaders follow the chain of clusters one by one. */
export function clusterSectors(efiSystem: Extent): number {
  let sectors = 8;
  while (sectors > 1 && efiSystem.sectors / sectors < FAT32_LEAST_CLUSTERS) sectors /= 2;
  return sectors;
}

function alignedSectors(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE) * ALIGNMENT_SECTORS;
}
