import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';
import { bytesSource, zeroPadded } from './block-source.ts';
import { BootRecorder } from './boot-recorder.ts';
import { MAX_TRACE_PIECES } from './boot-trace.ts';

const PIECE = 16_384;

function recording(pieceCount: number, pieceBytes = PIECE) {
  const clock = new VirtualClock();
  const recorder = new BootRecorder({ pieceCount, pieceBytes }, clock);
  const bytes = Uint8Array.from({ length: pieceCount * pieceBytes - 100 }, (_, at) => at);
  return { clock, recorder, bytes, source: recorder.over(bytesSource(bytes)) };
}

describe('a recorded boot', () => {
  it('has each piece once, in the order of the first reads, and the reads are what they were', async () => {
    const { recorder, source, bytes } = recording(8);
    expect(source.sizeBytes).toBe(bytes.length);
    for (const [offset, length] of [
      [5 * PIECE + 7, 10],
      [2 * PIECE - 1, 2],
      [5 * PIECE, PIECE],
      [0, 3 * PIECE],
    ] as const) {
      expect(await source.read(offset, length)).toEqual(bytes.subarray(offset, offset + length));
    }
    expect(recorder.pieces).toEqual([5, 1, 2, 0]);
  });

  it('ends with the image, whatever is padded behind it', async () => {
    const { recorder, source } = recording(3);
    await zeroPadded(source, 4096).read(2 * PIECE, PIECE);
    await source.read(0, 0);
    expect(recorder.pieces).toEqual([2]);
  });

  it('is over when nothing new was read for a minute; the pieces read before stay', async () => {
    const { clock, recorder, source } = recording(8);
    await clock.run(3_600_000);
    expect(recorder.end).toBeUndefined();
    await source.read(0, 1);
    await clock.run(59_000);
    await source.read(PIECE, 1);
    expect([recorder.end, recorder.lengthMs]).toEqual([undefined, 59_000]);
    await clock.run(30_000);
    await source.read(PIECE, 1);
    await clock.run(31_000);
    await source.read(2 * PIECE, 1);
    expect(recorder.pieces).toEqual([0, 1]);
    expect(recorder.end).toBe('quiet');
  });

  it('is over after ten minutes', async () => {
    const { clock, recorder, source } = recording(40);
    for (let piece = 0; piece < 40; piece++) {
      await source.read(piece * PIECE, 1);
      await clock.run(20_000);
    }
    expect(recorder.end).toBe('time');
    expect(recorder.pieces.length).toBe(31);
  });

  it('is over when it has as many pieces as a trace may have', async () => {
    const { recorder, source } = recording(MAX_TRACE_PIECES + 5, 256);
    await source.read(0, source.sizeBytes);
    expect(recorder.pieces.length).toBe(MAX_TRACE_PIECES);
    expect(recorder.end).toBe('full');
  });
});
