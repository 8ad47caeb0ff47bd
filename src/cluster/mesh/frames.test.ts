import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FRAME_KINDS, type Frame, FrameReader, MAX_FRAME_BYTES, MAX_HELLO_BYTES } from './frames.ts';

const kind = fc.constantFrom(...Object.values(FRAME_KINDS));
const frame = fc.record({ kind, body: fc.string({ unit: 'grapheme', maxLength: 300 }) });

function readAll(reader: FrameReader, chunks: readonly Uint8Array[]): Frame[] {
  return chunks.flatMap((chunk) => [...reader.push(Buffer.from(chunk))]);
}

describe('frames', () => {
  test('come out whole, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ kind, body }) => encodeFrame(kind, body)));
        const chunks: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const end = at + cuts[cut % cuts.length]!;
          chunks.push(bytes.subarray(at, end));
          at = end;
        }
        expect(readAll(new FrameReader(), chunks)).toEqual(frames);
      }),
    );
  });

  test('any bytes give frames of known kinds or one error, and no more is held than came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        try {
          for (const one of readAll(new FrameReader(), chunks)) {
            expect(Object.values(FRAME_KINDS)).toContain(one.kind);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'CLUSTER_BAD_FRAME' });
        }
      }),
    );
  });

  test('a length above the limit is refused before anything of it came, a larger one only before the hello', () => {
    const head = (length: number) => {
      const bytes = Buffer.alloc(5, FRAME_KINDS.request);
      bytes.writeUInt32BE(length);
      return bytes;
    };
    const reader = new FrameReader();
    expect(() => readAll(reader, [head(MAX_HELLO_BYTES + 1)])).toThrow(/bytes/);
    const greeted = new FrameReader();
    greeted.limit = MAX_FRAME_BYTES;
    expect(readAll(greeted, [head(MAX_FRAME_BYTES)])).toEqual([]);
    for (const length of [0, MAX_FRAME_BYTES + 1, 0xff_ff_ff_ff]) {
      expect(() => readAll(new FrameReader(), [head(length)])).toThrow(/frame/);
    }
  });

  test('too large is refused at the sender', () => {
    expect(() => encodeFrame(FRAME_KINDS.request, 'x'.repeat(MAX_FRAME_BYTES))).toThrow(/larger/);
  });
});
