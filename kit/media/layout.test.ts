import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GPT_END_SECTORS, GPT_START_SECTORS, SECTOR_BYTES } from './gpt.ts';
import { clusterSectors, planLayout } from './layout.ts';

test('partitions follow each other on whole MiBs, and everything fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 2 ** 42 }), (bootBytes, imageBytes) => {
      const { diskSectors, biosBoot, efiSystem, data } = planLayout(bootBytes, imageBytes);
      const extents = [biosBoot, efiSystem, data];
      let free = GPT_START_SECTORS;
      for (const { firstSector, sectors } of extents) {
        expect(firstSector).toBeGreaterThanOrEqual(free);
        expect([firstSector % 2048, sectors % 2048]).toEqual([0, 0]);
        free = firstSector + sectors;
      }
      expect(free).toBeLessThanOrEqual(diskSectors - GPT_END_SECTORS);
      expect(efiSystem.sectors * SECTOR_BYTES).toBeGreaterThan(bootBytes);
      expect(data.sectors * SECTOR_BYTES).toBeGreaterThan(imageBytes);
    }),
  );
});

test('a FAT32 has enough clusters to be one, and none is larger than 4 KiB', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 }), (bootBytes) => {
      const { efiSystem } = planLayout(bootBytes, 1);
      const sectors = clusterSectors(efiSystem);
      expect([1, 2, 4, 8]).toContain(sectors);
      expect(efiSystem.sectors / sectors).toBeGreaterThanOrEqual(66_000);
    }),
  );
});

test('a device is used to its end, a small one refused with numbers', () => {
  const { data, diskSectors } = planLayout(1e8, 1e9, 32e9);
  expect(diskSectors).toBe(62_500_000);
  expect(data.firstSector + data.sectors).toBeGreaterThan(diskSectors - 4096);
  expect(() => planLayout(1e8, 4e9, 4e9)).toThrow(
    expect.objectContaining({
      code: 'KIT_TARGET_TOO_SMALL',
      message: expect.stringMatching(/has 3815 MiB, \d+ MiB are needed/),
    }),
  );
});
