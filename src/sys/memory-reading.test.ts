import { expect, test } from 'vitest';
import { FakeSys } from './fake.ts';
import { readMemory } from './memory-reading.ts';

const MEMINFO = 'MemTotal:         997532 kB\nMemFree:           81920 kB\nMemAvailable:     524288 kB\n';
const PRESSURE = `some avg10=7.50 avg60=2.13 avg300=0.61 total=1234567
full avg10=3.25 avg60=1.00 avg300=0.30 total=654321
`;

test('memory and pressure, as Linux 6.1 writes them', async () => {
  const sys = new FakeSys({ '/proc/meminfo': MEMINFO, '/proc/pressure/memory': PRESSURE });
  expect(await readMemory(sys)).toEqual({
    totalBytes: 997532 * 1024,
    availableBytes: 512 * 1024 * 1024,
    stalledPercent: 3.25,
  });
});

test('a kernel that measures no pressure, and one that says nothing', async () => {
  expect(await readMemory(new FakeSys({ '/proc/meminfo': MEMINFO }))).not.toHaveProperty('stalledPercent');
  const silent = new FakeSys({ '/proc/meminfo': '', '/proc/pressure/memory': 'some avg10=1.00\n' });
  const never = Number.POSITIVE_INFINITY;
  expect(await readMemory(silent)).toEqual({ totalBytes: never, availableBytes: never });
});
