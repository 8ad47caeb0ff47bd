import { beforeAll, describe, expect, it } from 'vitest';
import { type BootImage, makeBootImage } from '../scenarios/boot-image.ts';
import { bootReads, bytesOf, piecesOf } from './boot-reads.ts';
import { HTTP_SERVER } from './server-costs.ts';
import { runServerStorm } from './server-twin.ts';
import { runStorm, type StormOptions } from './storm.ts';

let boot: BootImage;
beforeAll(async () => {
  boot = await makeBootImage({ mebibytes: 8, seed: 5, trace: true, cpuMsPerMebibyte: 5 });
});

const storm = (nodes: number, seed = 1): StormOptions => ({
  ...boot,
  nodes,
  seed,
  share: 0.6,
  network: { latencyMs: [0.1, 0.3] },
});

describe('the reads of a boot', () => {
  it('stay inside the image, touch no byte twice, and are about the part that was asked for', () => {
    const imageBytes = 64 * 2 ** 20;
    for (const seed of [1, 2, 3]) {
      const reads = bootReads({ imageBytes, seed, part: 0.5, cpuMsPerMebibyte: 10 });
      const ends = reads.map(({ offset, length }) => [offset, offset + length] as const).sort((a, b) => a[0] - b[0]);
      for (let at = 1; at < ends.length; at++) expect(ends[at]![0]).toBeGreaterThanOrEqual(ends[at - 1]![1]);
      expect(ends[0]![0]).toBeGreaterThanOrEqual(0);
      expect(ends.at(-1)![1]).toBeLessThanOrEqual(imageBytes);
      expect(bytesOf(reads) / imageBytes).toBeGreaterThan(0.3);
      expect(bytesOf(reads) / imageBytes).toBeLessThan(0.7);
      expect(new Set(piecesOf(reads, 131_072)).size).toBe(piecesOf(reads, 131_072).length);
    }
  });
});

describe('a storm', () => {
  it('boots every machine, every byte right, and places the image', async () => {
    const result = await runStorm(storm(3));
    expect(result.bootMs.length).toBe(3);
    expect(result.wrongReads).toBe(0);
    expect(result.settledMs).toBeGreaterThan(0);
    expect(result.copies.min).toBeGreaterThanOrEqual(1);
    expect(result.firstSentBytes).toBeGreaterThan(0.9 * boot.image.bytes.length);
    const tapped = result.tap.sent.values().reduce((sum, bytes) => sum + bytes, 0);
    expect(tapped).toBeLessThanOrEqual(result.firstSentBytes);
    expect(tapped).toBeGreaterThan(0.95 * result.firstSentBytes);
  });

  it('is the same run for the same seed, and another one for another', async () => {
    const [one, again, other] = [await runStorm(storm(3)), await runStorm(storm(3)), await runStorm(storm(3, 2))];
    expect(again.bootMs).toEqual(one.bootMs);
    expect(again.events).toBe(one.events);
    expect(other.bootMs).not.toEqual(one.bootMs);
  });

  it('on one server takes N times as long as its link needs', async () => {
    const { bootMs, sentBytes } = await runServerStorm(storm(8), HTTP_SERVER);
    const content = 8 * bytesOf(boot.reads);
    expect(bootMs.length).toBe(8);
    expect(sentBytes).toBeGreaterThan(content);
    expect(sentBytes).toBeLessThan(1.05 * content);
    expect(Math.max(...bootMs)).toBeGreaterThan(content / 125e3);
  });
});
