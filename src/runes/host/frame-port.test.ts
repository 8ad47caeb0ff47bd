import { Duplex, duplexPair } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FramePort, MAX_FRAME_BYTES, MAX_UNREAD_BYTES } from './frame-port.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A port that hears what is written to `write`. */
function listening() {
  const [near, far] = duplexPair();
  const heard: unknown[] = [];
  const broken: string[] = [];
  new FramePort(near, (reason) => broken.push(reason)).on('message', (message) => heard.push(message));
  return { far, heard, broken };
}

test('messages come out as they went in, however the pipe cuts them', async () => {
  const message = fc.record({ text: fc.string(), bytes: fc.uint8Array(), maybe: fc.option(fc.integer()) });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), async (messages, cut) => {
      const written: Buffer[] = [];
      const pipe = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          written.push(chunk);
          done();
        },
      });
      const out = new FramePort(pipe, () => {});
      for (const one of messages) out.postMessage(one);
      const { far, heard } = listening();
      const all = Buffer.concat(written);
      for (let at = 0; at < all.length; at += cut) far.write(all.subarray(at, at + cut));
      for (let turn = 0; turn < 50 && heard.length < messages.length; turn++) await settle();
      expect(heard).toEqual(messages);
    }),
    { numRuns: 30 },
  );
});

test('what announces too much ends the talk before memory is taken', async () => {
  const { far, heard, broken } = listening();
  const head = Buffer.alloc(4);
  head.writeUInt32BE(MAX_FRAME_BYTES + 1);
  far.write(head);
  await settle();
  expect(broken).toEqual([expect.stringMatching(/^sends what is no message: a message of 4194305 bytes/)]);
  expect(heard).toEqual([]);
});

test('no bytes throw in the host', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { far, broken } = listening();
      const head = Buffer.alloc(4);
      head.writeUInt32BE(bytes.length);
      far.write(Buffer.concat([head, bytes]));
      await settle();
      expect(broken.length).toBeLessThan(2);
    }),
    { numRuns: 50 },
  );
});

test('what is too large, or more than the other side reads, is refused to the sender', () => {
  const stuck = new Duplex({ read() {}, write() {} });
  const port = new FramePort(stuck, () => {});
  expect(() => port.postMessage(new Uint8Array(MAX_FRAME_BYTES))).toThrow(/^a message of 41943\d\d bytes/);
  const megabyte = new Uint8Array(1024 * 1024);
  const sent = () => {
    for (let count = 0; ; count++) {
      try {
        port.postMessage(megabyte);
      } catch (error) {
        return { count, error };
      }
    }
  };
  expect(sent()).toMatchObject({ count: 7, error: { code: 'RUNES_BUSY' } });
  expect(stuck.writableLength).toBeLessThanOrEqual(MAX_UNREAD_BYTES);
});
