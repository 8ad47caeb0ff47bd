// A GUID partition table as bytes: protective MBR, header, entries, and their copies at the end of the disk.
// UEFI specification 2.10, section 5.3. Sectors of 512 bytes. Pure; checked against sgdisk and sfdisk in the tests.
//
//   LBA 0            protective MBR (boot code of the loader in its first 440 bytes)
//   LBA 1            header          LBA 2..33        128 entries of 128 bytes
//   last 33 LBAs     entries again, header again

import { ViverError } from '../../src/errors.ts';
import { crc32 } from './crc32.ts';

export const SECTOR_BYTES = 512;
export const MBR_CODE_BYTES = 440;
const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const ENTRY_SECTORS = (ENTRY_COUNT * ENTRY_BYTES) / SECTOR_BYTES;
const HEADER_BYTES = 92;
const MAX_NAME_CHARACTERS = 36;

/** Sectors before the first that a partition may use, and as many but one behind the last. */
export const GPT_START_SECTORS = 2 + ENTRY_SECTORS;
export const GPT_END_SECTORS = 1 + ENTRY_SECTORS;

export const PartitionType = {
  /** Where GRUB's core image lies on disks that BIOS boots. */
  biosBoot: '21686148-6449-6e6f-744e-656564454649',
  /** UEFI specification 5.3.3. */
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  /** Linux file system data (UAPI group, Discoverable Partitions Specification). */
  linuxData: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const;

export interface GptPartition {
  readonly type: string;
  readonly guid: string;
  readonly firstSector: number;
  readonly sectors: number;
  readonly name: string;
}

export interface GptTable {
  readonly diskGuid: string;
  readonly diskSectors: number;
  readonly partitions: readonly GptPartition[];
  /** Boot code for the first 440 bytes of the disk. */
  readonly bootCode?: Uint8Array;
}

/** @returns what belongs at the disk's start (34 sectors) and at its end (33 sectors). @throws ViverError KIT_BAD_PARTITIONS */
export function encodeGpt(table: GptTable): { start: Uint8Array; end: Uint8Array } {
  checkPartitions(table);
  const entries = encodeEntries(table.partitions);
  const last = table.diskSectors - 1;
  const start = new Uint8Array(GPT_START_SECTORS * SECTOR_BYTES);
  start.set(encodeProtectiveMbr(table.diskSectors, table.bootCode));
  start.set(encodeHeader(table, entries, { own: 1, other: last, entries: 2 }), SECTOR_BYTES);
  start.set(entries, 2 * SECTOR_BYTES);
  const end = new Uint8Array(GPT_END_SECTORS * SECTOR_BYTES);
  end.set(entries);
  const place = { own: last, other: 1, entries: last - ENTRY_SECTORS };
  end.set(encodeHeader(table, entries, place), ENTRY_SECTORS * SECTOR_BYTES);
  return { start, end };
}

/** A GUID as GPT stores it: the first three groups little-endian (UEFI specification, appendix A). @throws ViverError KIT_BAD_GUID */
export function encodeGuid(guid: string): Uint8Array {
  const digits = guid.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new ViverError('KIT_BAD_GUID', `${guid} is no GUID`);
  const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** A GUID out of 16 bytes of a hash, marked as custom (version 8, RFC 9562 section 5.8), so that equal input gives an equal disk. */
export function guidFromHash(hash: Uint8Array): string {
  const bytes = hash.slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function checkPartitions({ diskSectors, partitions }: GptTable): void {
  let free = GPT_START_SECTORS;
  if (partitions.length > ENTRY_COUNT) throw badPartitions(`${partitions.length} of ${ENTRY_COUNT}`);
  for (const { name, firstSector, sectors } of partitions) {
    if (firstSector < free || sectors < 1) throw badPartitions(`${name} overlaps what is before it`);
    if (name.length > MAX_NAME_CHARACTERS) throw badPartitions(`name ${name} is too long`);
    free = firstSector + sectors;
  }
  if (free > diskSectors - GPT_END_SECTORS) throw badPartitions('they do not fit onto the disk');
}

function badPartitions(reason: string): ViverError {
  return new ViverError('KIT_BAD_PARTITIONS', `partitions: ${reason}`);
}

/** UEFI specification 5.2.3: one record of type 0xEE over the whole disk, so that old tools see no free space. */
function encodeProtectiveMbr(diskSectors: number, bootCode: Uint8Array = new Uint8Array()): Uint8Array {
  const mbr = new Uint8Array(SECTOR_BYTES);
  mbr.set(bootCode.subarray(0, MBR_CODE_BYTES));
  const view = new DataView(mbr.buffer);
  mbr.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446);
  view.setUint32(454, 1, true);
  view.setUint32(458, Math.min(diskSectors - 1, 0xffffffff), true);
  mbr.set([0x55, 0xaa], 510);
  return mbr;
}

function encodeEntries(partitions: readonly GptPartition[]): Uint8Array {
  const bytes = new Uint8Array(ENTRY_COUNT * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  partitions.forEach((partition, index) => {
    const at = index * ENTRY_BYTES;
    bytes.set(encodeGuid(partition.type), at);
    bytes.set(encodeGuid(partition.guid), at + 16);
    view.setBigUint64(at + 32, BigInt(partition.firstSector), true);
    view.setBigUint64(at + 40, BigInt(partition.firstSector + partition.sectors - 1), true);
    for (let character = 0; character < partition.name.length; character++) {
      view.setUint16(at + 56 + character * 2, partition.name.charCodeAt(character), true);
    }
  });
  return bytes;
}

function encodeHeader(
  table: GptTable,
  entries: Uint8Array,
  sector: { own: number; other: number; entries: number },
): Uint8Array {
  const header = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(header.buffer);
  header.set(new TextEncoder().encode('EFI PART'));
  view.setUint32(8, 0x00010000, true); // revision 1.0
  view.setUint32(12, HEADER_BYTES, true);
  view.setBigUint64(24, BigInt(sector.own), true);
  view.setBigUint64(32, BigInt(sector.other), true);
  view.setBigUint64(40, BigInt(GPT_START_SECTORS), true);
  view.setBigUint64(48, BigInt(table.diskSectors - GPT_END_SECTORS - 1), true);
  header.set(encodeGuid(table.diskGuid), 56);
  view.setBigUint64(72, BigInt(sector.entries), true);
  view.setUint32(80, ENTRY_COUNT, true);
  view.setUint32(84, ENTRY_BYTES, true);
  view.setUint32(88, crc32(entries), true);
  view.setUint32(16, crc32(header.subarray(0, HEADER_BYTES)), true); // over the header with this field zero
  return header;
}
