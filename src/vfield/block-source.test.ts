import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type BlockSource, bytesSource, zeroPadded } from './block-source.ts';
import { openFileSource } from './file-source.ts';

const BYTES = Uint8Array.from({ length: 10_000 }, (_, at) => at % 251);
const folder = await mkdtemp(join(tmpdir(), 'viver-block-source-'));
await writeFile(join(folder, 'image'), BYTES);
await writeFile(join(folder, 'inside'), Buffer.concat([Buffer.alloc(500, 9), BYTES, Buffer.alloc(500, 9)]));

const whole = await openFileSource(join(folder, 'image'));
const part = await openFileSource(join(folder, 'inside'), { offsetBytes: 500, sizeBytes: BYTES.length });
afterAll(async () => {
  await whole.close();
  await part.close();
  await rm(folder, { recursive: true });
});

const sources: [name: string, source: BlockSource][] = [
  ['bytes', bytesSource(BYTES)],
  ['file', whole],
  ['part of a file', part],
];

describe.each(sources)('%s', (_, source) => {
  test('reads what is there, at any place', async () => {
    expect(source.sizeBytes).toBe(BYTES.length);
    for (const [at, length] of [
      [0, 10_000],
      [0, 0],
      [10_000, 0],
      [3, 7],
      [9_999, 1],
    ] as const) {
      expect(Buffer.compare(await source.read(at, length), BYTES.subarray(at, at + length))).toBe(0);
    }
  });

  test.each([
    [-1, 1],
    [0, 10_001],
    [10_000, 1],
    [0.5, 1],
    [0, -1],
    [2 ** 53, 1],
    [Number.NaN, 1],
  ])('refuses %d+%d', async (at, length) => {
    await expect(source.read(at, length)).rejects.toMatchObject({ code: 'BLOCK_RANGE' });
  });

  test('an aborted signal ends the read', async () => {
    await expect(source.read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('zero padding: the end of a sector is zeros', async () => {
  const padded = zeroPadded(bytesSource(BYTES), 4096);
  expect(padded.sizeBytes).toBe(12_288);
  const expected = Buffer.concat([BYTES, Buffer.alloc(2288)]);
  for (const [at, length] of [
    [0, 12_288],
    [9_990, 20],
    [10_000, 5],
    [12_288, 0],
    [11_000, 1000],
    [5, 6],
  ] as const) {
    expect(Buffer.compare(await padded.read(at, length), expected.subarray(at, at + length))).toBe(0);
  }
  await expect(padded.read(12_288, 1)).rejects.toMatchObject({ code: 'BLOCK_RANGE' });
  const even = bytesSource(BYTES.subarray(0, 8192));
  expect(zeroPadded(even, 4096)).toBe(even);
});

test('a missing or short file is one clear error', async () => {
  await expect(openFileSource(join(folder, 'none'))).rejects.toMatchObject({ code: 'BLOCK_OPEN' });
  await expect(openFileSource(join(folder, 'image'), { sizeBytes: 10_001 })).rejects.toMatchObject({
    code: 'BLOCK_OPEN',
  });
});
