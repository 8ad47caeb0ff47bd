import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViverError } from '../src/errors.ts';
import { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder, MAX_FRAME_BYTES, MIN_FRAME_BYTES } from './frames.ts';

function decodeAll(chunks: Uint8Array[]): Uint8Array[] {
  const decoder = new FrameDecoder();
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (bytes, start, end) =>
      frames.push(Uint8Array.from(bytes.subarray(start + FRAME_HEADER_BYTES, end))),
    );
  }
  return frames;
}

function cut(bytes: Uint8Array, sizes: number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test('frames come out as they went in, however the stream is cut', () => {
  const frame = fc.uint8Array({ minLength: MIN_FRAME_BYTES, maxLength: 200 });
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, cuts) => {
      expect(decodeAll(cut(Buffer.concat(frames.map(encodeFrame)), cuts))).toEqual(frames);
    }),
  );
});

test('the largest frame passes, byte by byte too', () => {
  const largest = new Uint8Array(MAX_FRAME_BYTES).fill(7);
  expect(decodeAll(cut(encodeFrame(largest), [1]))).toEqual([largest]);
  expect(decodeAll([encodeFrame(largest)])).toEqual([largest]);
});

test.each([0, MIN_FRAME_BYTES - 1, MAX_FRAME_BYTES + 1, 0xffffffff])('a length of %i is refused', (length) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  expect(() => decodeAll([bytes])).toThrow(ViverError);
  expect(() => decodeAll(cut(bytes, [1]).concat([new Uint8Array(1)]))).toThrow(ViverError);
});

test('noise throws nothing but ViverError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (chunks) => {
      try {
        decodeAll(chunks);
      } catch (error) {
        expect(error).toBeInstanceOf(ViverError);
      }
    }),
  );
});
