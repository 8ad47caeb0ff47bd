import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';
import {
  encodeGpt,
  encodeGuid,
  GPT_END_SECTORS,
  GPT_START_SECTORS,
  guidFromHash,
  PartitionType,
  SECTOR_BYTES,
} from './gpt.ts';

const TABLE = {
  diskGuid: '6d867a25-3614-8421-9132-9bedc48377cd',
  diskSectors: 100_000,
  partitions: [
    {
      type: PartitionType.efiSystem,
      guid: '048b4ec8-ef52-8224-b6a7-5d9885cc9771',
      firstSector: 2048,
      sectors: 4096,
      name: 'boot',
    },
  ],
};

test('CRC-32 of the standard check string', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

test('a GUID is stored with its first three groups turned round', () => {
  expect(Buffer.from(encodeGuid(PartitionType.efiSystem)).toString('hex')).toBe('28732ac11ff8d211ba4b00a0c93ec93b');
  expect(() => encodeGuid('c12a7328')).toThrow(expect.objectContaining({ code: 'KIT_BAD_GUID' }));
});

test('a GUID out of a hash is well-formed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
      expect(guidFromHash(hash)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test('both headers check out and name each other', () => {
  const { start, end } = encodeGpt(TABLE);
  expect([start.length, end.length]).toEqual([GPT_START_SECTORS * SECTOR_BYTES, GPT_END_SECTORS * SECTOR_BYTES]);
  const primary = start.slice(SECTOR_BYTES, 2 * SECTOR_BYTES);
  const backup = end.slice(-SECTOR_BYTES);
  for (const [header, own, other] of [
    [primary, 1n, 99_999n],
    [backup, 99_999n, 1n],
  ] as const) {
    const view = new DataView(header.buffer);
    expect([view.getBigUint64(24, true), view.getBigUint64(32, true)]).toEqual([own, other]);
    const sum = view.getUint32(16, true);
    view.setUint32(16, 0, true);
    expect(crc32(header.subarray(0, 92))).toBe(sum);
    expect(view.getUint32(88, true)).toBe(crc32(end.subarray(0, 32 * SECTOR_BYTES)));
  }
});

test('partitions that overlap or do not fit are refused', () => {
  const [boot] = TABLE.partitions;
  const withPartitions =
    (...partitions: (typeof TABLE)['partitions']) =>
    () =>
      encodeGpt({ ...TABLE, partitions });
  const refusal = expect.objectContaining({ code: 'KIT_BAD_PARTITIONS' });
  expect(withPartitions(boot!, { ...boot!, firstSector: 6143 })).toThrow(refusal);
  expect(withPartitions({ ...boot!, firstSector: 33 })).toThrow(refusal);
  expect(withPartitions({ ...boot!, sectors: 100_000 - GPT_END_SECTORS - 2047 })).toThrow(refusal);
  expect(withPartitions({ ...boot!, sectors: 100_000 - GPT_END_SECTORS - 2048 })).not.toThrow();
  expect(withPartitions({ ...boot!, name: 'n'.repeat(37) })).toThrow(refusal);
});

test('the protective record covers what 32 bits can say of a large disk', () => {
  const { start } = encodeGpt({ ...TABLE, diskSectors: 2 ** 33 });
  const view = new DataView(start.buffer);
  expect([start[450], view.getUint32(454, true), view.getUint32(458, true)]).toEqual([0xee, 1, 0xffffffff]);
  expect([start[510], start[511]]).toEqual([0x55, 0xaa]);
});
