import { expect, test } from 'vitest';
import { encodePcapHeader, encodePcapRecord } from './pcap.ts';

test('the file begins as draft-ietf-opsawg-pcap section 4 says', () => {
  expect(Buffer.from(encodePcapHeader()).toString('hex')).toBe('a1b2c3d4000200040000000000000000' + '0000ffff00000001');
});

test('a record tells the length on the wire also when only the beginning is kept', () => {
  const frame = Uint8Array.from({ length: 60 }, (_, index) => index);
  const record = Buffer.from(encodePcapRecord(frame, 1_700_000_000_123.25, 16));
  expect(record.subarray(0, 16).toString('hex')).toBe('6553f1000001e17200000010' + '0000003c');
  expect(record.subarray(16)).toEqual(Buffer.from(frame.subarray(0, 16)));
});
