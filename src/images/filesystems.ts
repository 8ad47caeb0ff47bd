// Which file system lies in a partition, told from its first 128 KiB by the magic numbers of each (wikis and headers are named at
// each probe). Pure. A probe answers undefined for "not mine"; their order matters and is explained at PROBES.

/** How much of a partition a probe looks at; btrfs has its superblock at 64 KiB. */
export const PROBE_BYTES = 128 * 1024;

export const FILE_SYSTEM_TYPES = [
  'squashfs',
  'erofs',
  'btrfs',
  'xfs',
  'f2fs',
  'ext4',
  'ext3',
  'ext2',
  'udf',
  'iso9660',
  'exfat',
  'ntfs',
  'vfat',
] as const;
export type FileSystemType = (typeof FILE_SYSTEM_TYPES)[number];

export interface FoundFileSystem {
  readonly type: FileSystemType;
  readonly label?: string;
  /** As blkid and /dev/disk/by-uuid spell it. */
  readonly uuid?: string;
  /** The journal holds changes that were not yet brought in; a read-only mount must not try to. */
  readonly needsRecovery?: boolean;
}

type Probe = (bytes: Uint8Array) => FoundFileSystem | undefined;

/**
 * Magic numbers far inside come first, the FAT family last: its boot sector is left behind by formatting tools, and FAT has no magic
 * that deserves the name. UDF before ISO 9660, since a disc that has both holds files above 4 GiB whole only in UDF.
 */
const PROBES: readonly Probe[] = [
  probeSquashfs,
  probeErofs,
  probeBtrfs,
  probeXfs,
  probeF2fs,
  probeExt,
  probeUdf,
  probeIso9660,
  probeExfat,
  probeNtfs,
  probeVfat,
];

/** @param bytes The first PROBE_BYTES of the partition, or all of it when it is smaller. */
export function probeFileSystem(bytes: Uint8Array): FoundFileSystem | undefined {
  for (const probe of PROBES) {
    const found = probe(bytes);
    if (found) return found;
  }
  return undefined;
}

/** `ext4 LABEL=data UUID=…` for logs. */
export function formatFileSystem({ type, label, uuid }: FoundFileSystem): string {
  return `${type}${label ? ` LABEL=${label}` : ''}${uuid ? ` UUID=${uuid}` : ''}`;
}

// linux/fs/squashfs/squashfs_fs.h
function probeSquashfs(bytes: Uint8Array): FoundFileSystem | undefined {
  return hasText(bytes, 0, 'hsqs') ? { type: 'squashfs' } : undefined;
}

// linux/fs/erofs/erofs_fs.h, struct erofs_super_block at 1024
function probeErofs(bytes: Uint8Array): FoundFileSystem | undefined {
  if (u32le(bytes, 1024) !== 0xe0f5e1e2) return undefined;
  return named('erofs', text(bytes, 1024 + 64, 16), uuid(bytes, 1024 + 48));
}

// linux/include/uapi/linux/btrfs_tree.h, struct btrfs_super_block at 64 KiB
function probeBtrfs(bytes: Uint8Array): FoundFileSystem | undefined {
  const at = 64 * 1024;
  if (!hasText(bytes, at + 0x40, '_BHRfS_M')) return undefined;
  return named('btrfs', text(bytes, at + 0x12b, 256), uuid(bytes, at + 0x20));
}

// linux/fs/xfs/libxfs/xfs_format.h, struct xfs_dsb
function probeXfs(bytes: Uint8Array): FoundFileSystem | undefined {
  return hasText(bytes, 0, 'XFSB') ? named('xfs', text(bytes, 108, 12), uuid(bytes, 32)) : undefined;
}

// linux/include/linux/f2fs_fs.h, struct f2fs_super_block at 1024; the name is UTF-16
function probeF2fs(bytes: Uint8Array): FoundFileSystem | undefined {
  if (u32le(bytes, 1024) !== 0xf2f52010) return undefined;
  return named('f2fs', utf16(bytes, 1024 + 124, 128), uuid(bytes, 1024 + 108));
}

// linux/fs/ext4/ext4.h, struct ext4_super_block at 1024
function probeExt(bytes: Uint8Array): FoundFileSystem | undefined {
  const at = 1024;
  if (u16le(bytes, at + 0x38) !== 0xef53) return undefined;
  const compatible = u32le(bytes, at + 0x5c) ?? 0;
  const incompatible = u32le(bytes, at + 0x60) ?? 0;
  const readOnlyCompatible = u32le(bytes, at + 0x64) ?? 0;
  const journalDevice = (incompatible & 0x8) !== 0;
  if (journalDevice) return undefined; // somebody's external journal, no file system
  // What ext3 does not know: anything but filetype|recover|meta_bg, and anything but sparse_super|large_file|btree_dir.
  const isExt4 = (incompatible & ~0x16) !== 0 || (readOnlyCompatible & ~0x7) !== 0;
  const type = isExt4 ? 'ext4' : (compatible & 0x4) !== 0 ? 'ext3' : 'ext2';
  const found = named(type, text(bytes, at + 0x78, 16), uuid(bytes, at + 0x68));
  return (incompatible & 0x4) !== 0 ? { ...found, needsRecovery: true } : found;
}

// ECMA-167 2/9.1: volume recognition sequence from 32 KiB on, one descriptor in 2 KiB
function probeUdf(bytes: Uint8Array): FoundFileSystem | undefined {
  for (let at = 32 * 1024; at + 2048 <= bytes.length; at += 2048) {
    if (hasText(bytes, at + 1, 'NSR02') || hasText(bytes, at + 1, 'NSR03')) return { type: 'udf' };
    const known = ['BEA01', 'CD001', 'BOOT2', 'CDW02'].some((id) => hasText(bytes, at + 1, id));
    if (!known) return undefined;
  }
  return undefined;
}

// ECMA-119 8.4: primary volume descriptor at 32 KiB; blkid makes a UUID of the creation time
function probeIso9660(bytes: Uint8Array): FoundFileSystem | undefined {
  const at = 32 * 1024;
  if (!hasText(bytes, at + 1, 'CD001')) return undefined;
  const time = text(bytes, at + 813, 16);
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(time);
  return named('iso9660', text(bytes, at + 40, 32), parts?.slice(1).join('-'));
}

// Microsoft exFAT specification 3.1
function probeExfat(bytes: Uint8Array): FoundFileSystem | undefined {
  return hasText(bytes, 3, 'EXFAT   ') ? named('exfat', '', serial(bytes, 100)) : undefined;
}

// linux/fs/ntfs3/ntfs.h, struct NTFS_BOOT
function probeNtfs(bytes: Uint8Array): FoundFileSystem | undefined {
  if (!hasText(bytes, 3, 'NTFS    ') || bytes.length < 512) return undefined;
  return named('ntfs', '', hex(bytes.subarray(72, 80).toReversed()).toUpperCase());
}

// Microsoft FAT specification 3.1-3.3; a PC's boot sector looks alike, hence the checks of the geometry
function probeVfat(bytes: Uint8Array): FoundFileSystem | undefined {
  if (bytes.length < 512 || u16le(bytes, 510) !== 0xaa55) return undefined;
  const sectorBytes = u16le(bytes, 11) ?? 0;
  const clusterSectors = bytes[13] ?? 0;
  const plausible = isPowerOfTwo(sectorBytes) && sectorBytes >= 512 && sectorBytes <= 4096;
  if (!plausible || !isPowerOfTwo(clusterSectors) || u16le(bytes, 14) === 0) return undefined;
  if ((bytes[16] ?? 0) < 1 || (bytes[16] ?? 0) > 2) return undefined;
  const fat32 = hasText(bytes, 82, 'FAT32');
  if (!fat32 && !hasText(bytes, 54, 'FAT')) return undefined;
  const label = text(bytes, fat32 ? 71 : 43, 11).trim();
  return named('vfat', label === 'NO NAME' ? '' : label, serial(bytes, fat32 ? 67 : 39));
}

function named(type: FileSystemType, label: string, id: string | undefined): FoundFileSystem {
  const trimmed = label.trim();
  return { type, ...(trimmed ? { label: trimmed } : {}), ...(id ? { uuid: id } : {}) };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function hasText(bytes: Uint8Array, at: number, wanted: string): boolean {
  if (bytes.length < at + wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[at + index] !== wanted.charCodeAt(index)) return false;
  }
  return true;
}

function u16le(bytes: Uint8Array, at: number): number | undefined {
  return bytes.length < at + 2 ? undefined : bytes[at]! | (bytes[at + 1]! << 8);
}

function u32le(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length < at + 4) return undefined;
  return (u16le(bytes, at)! | (u16le(bytes, at + 2)! << 16)) >>> 0;
}

/** Text up to the first zero byte. */
function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function utf16(bytes: Uint8Array, at: number, characters: number): string {
  return (new TextDecoder('utf-16le').decode(bytes.subarray(at, at + characters * 2)).split('\0', 1)[0] ?? '').trim();
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** 16 bytes as 8-4-4-4-12; nothing for 16 zeros. */
function uuid(bytes: Uint8Array, at: number): string | undefined {
  const field = bytes.subarray(at, at + 16);
  if (field.length < 16 || field.every((byte) => byte === 0)) return undefined;
  return hex(field).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A volume serial number of DOS: `1234-ABCD`. */
function serial(bytes: Uint8Array, at: number): string | undefined {
  const value = u32le(bytes, at);
  return value
    ?.toString(16)
    .toUpperCase()
    .padStart(8, '0')
    .replace(/^(.{4})/, '$1-');
}
