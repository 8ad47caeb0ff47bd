import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILE_SYSTEM_TYPES, formatFileSystem, PROBE_BYTES, probeFileSystem } from './filesystems.ts';

/** A partition of zeros with some bytes in it. */
function partition(...fields: [offset: number, content: string | number[]][]): Uint8Array {
  const bytes = new Uint8Array(PROBE_BYTES);
  for (const [offset, content] of fields) {
    bytes.set(typeof content === 'string' ? new TextEncoder().encode(content) : content, offset);
  }
  return bytes;
}

const UUID_BYTES = Array.from({ length: 16 }, (_, index) => index * 17);
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const EXT_MAGIC: [number, number[]] = [1024 + 0x38, [0x53, 0xef]];
const FAT_BOOT_SECTOR: [number, string | number[]][] = [
  [11, [0x00, 0x02, 8, 32, 0, 2]],
  [510, [0x55, 0xaa]],
];

describe('probeFileSystem', () => {
  test.each([
    ['squashfs', partition([0, 'hsqs']), 'squashfs'],
    [
      'erofs',
      partition([1024, [0xe2, 0xe1, 0xf5, 0xe0]], [1072, UUID_BYTES], [1088, 'img']),
      `erofs LABEL=img UUID=${UUID}`,
    ],
    ['btrfs', partition([65600, '_BHRfS_M'], [65568, UUID_BYTES], [65835, 'pool']), `btrfs LABEL=pool UUID=${UUID}`],
    ['xfs', partition([0, 'XFSB'], [32, UUID_BYTES], [108, 'data']), `xfs LABEL=data UUID=${UUID}`],
    ['f2fs', partition([1024, [0x10, 0x20, 0xf5, 0xf2]], [1148, [0x61, 0, 0x62, 0]]), 'f2fs LABEL=ab'],
    ['ext2', partition(EXT_MAGIC, [1024 + 0x78, 'old']), 'ext2 LABEL=old'],
    ['ext3', partition(EXT_MAGIC, [1024 + 0x5c, [4]]), 'ext3'],
    ['ext4', partition(EXT_MAGIC, [1024 + 0x5c, [4]], [1024 + 0x60, [0x42]], [1128, UUID_BYTES]), `ext4 UUID=${UUID}`],
    ['udf', partition([32769, 'BEA01'], [34817, 'NSR03']), 'udf'],
    ['udf beside iso9660', partition([32769, 'CD001'], [34817, 'BEA01'], [36865, 'NSR02']), 'udf'],
    [
      'iso9660',
      partition([32769, 'CD001'], [32808, 'VIVER   '], [32768 + 813, '2026112105142600']),
      'iso9660 LABEL=VIVER UUID=2026-11-21-05-14-26-00',
    ],
    ['exfat', partition([3, 'EXFAT   '], [100, [0xcd, 0xab, 0x34, 0x12]]), 'exfat UUID=1234-ABCD'],
    ['ntfs', partition([3, 'NTFS    '], [72, [8, 7, 6, 5, 4, 3, 2, 0xf1]]), 'ntfs UUID=F102030405060708'],
    [
      'vfat 32',
      partition(...FAT_BOOT_SECTOR, [67, [0xcd, 0xab, 0x34, 0x12]], [71, 'VIVERBOOT  FAT32   ']),
      'vfat LABEL=VIVERBOOT UUID=1234-ABCD',
    ],
    ['vfat 16', partition(...FAT_BOOT_SECTOR, [39, [1, 0, 0, 0]], [43, 'NO NAME    FAT16   ']), 'vfat UUID=0000-0001'],
  ])('%s', (_, bytes, text) => {
    expect(formatFileSystem(probeFileSystem(bytes)!)).toBe(text);
  });

  test('an ext4 that was not unmounted says so', () => {
    const dirty = partition(EXT_MAGIC, [1024 + 0x5c, [4]], [1024 + 0x60, [0x46]]);
    expect(probeFileSystem(dirty)).toMatchObject({ type: 'ext4', needsRecovery: true });
  });

  test.each([
    ['nothing', new Uint8Array(PROBE_BYTES)],
    ['an empty drive', new Uint8Array()],
    ['an external journal of ext4', partition(EXT_MAGIC, [1024 + 0x60, [8]])],
    ['a PC boot sector without a file system', partition([510, [0x55, 0xaa]], [3, 'MSDOS5.0'])],
    ['a LUKS volume', partition([0, 'LUKS\xba\xbe'])],
  ])('%s is nobody’s', (_, bytes) => expect(probeFileSystem(bytes)).toBeUndefined());

  test('a FAT boot sector left in front of an ext4 does not hide it', () => {
    const both = partition(...FAT_BOOT_SECTOR, [82, 'FAT32   '], EXT_MAGIC, [1024 + 0x60, [0x42]]);
    expect(probeFileSystem(both)?.type).toBe('ext4');
  });

  test('any bytes give a known type or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.constantFrom('hsqs', 'XFSB', ''), (bytes, start) => {
        bytes.set(new TextEncoder().encode(start).subarray(0, bytes.length));
        const found = probeFileSystem(bytes);
        if (found) expect(FILE_SYSTEM_TYPES).toContain(found.type);
      }),
      { numRuns: 200 },
    );
  });
});
