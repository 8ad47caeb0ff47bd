import { expect, test } from 'vitest';
import { FakeSys } from '../src/sys/fake.ts';
import { bytesReadFrom } from './live-status.ts';

test('bytes read from a device are its third statistic, in sectors', async () => {
  const sys = new FakeSys({
    '/sys/class/block/loop2/stat': '   4213     12   160000     900        0 0 0 0 0 800 900\n',
  });
  expect(await bytesReadFrom(sys, '/dev/loop2')).toBe(160000 * 512);
  expect(await bytesReadFrom(sys, '/dev/loop3')).toBe(0);
});
