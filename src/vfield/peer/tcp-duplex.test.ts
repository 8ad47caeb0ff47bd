import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Duplex, Listener } from '../transport.ts';
import { tcpTransport } from './tcp-transport.ts';

let listener: Listener | undefined;
const ends: Duplex[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) end.close();
  await listener?.close();
});

/** A connected pair; the first end writes, what the second one hears is collected. */
async function connected(): Promise<{
  end: Duplex;
  heard(length: number): Promise<Uint8Array>;
  drained(): Promise<void>;
}> {
  let received: Uint8Array[] = [];
  let onData = (): void => {};
  let onDrain = (): void => {};
  listener = await tcpTransport.listen({ host: '127.0.0.1', port: 0 }, (duplex) => {
    ends.push(duplex);
    return {
      onData: (chunk) => {
        received.push(new Uint8Array(chunk));
        onData();
      },
      onDrain: () => {},
      onClose: () => {},
    };
  });
  await tcpTransport.connect(`127.0.0.1:${listener.port}`, (duplex) => {
    ends.push(duplex);
    return { onData: () => {}, onDrain: () => onDrain(), onClose: () => {} };
  });
  const heard = async (length: number): Promise<Uint8Array> => {
    while (received.reduce((sum, chunk) => sum + chunk.length, 0) < length)
      await new Promise<void>((resolve) => {
        onData = resolve;
      });
    const all = Buffer.concat(received);
    received = [];
    return new Uint8Array(all);
  };
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      onDrain = resolve;
    });
  return { end: ends.find((end) => end.remoteAddress.endsWith(`:${listener!.port}`))!, heard, drained };
}

describe('a TCP connection', () => {
  it('keeps the order of short and long writes, within a turn and over turns', async () => {
    const { end, heard } = await connected();
    const length = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 10_000, max: 40_000 }));
    const turns = fc.array(fc.array(length, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
    let next = 0;
    await fc.assert(
      fc.asyncProperty(turns, async (lengths) => {
        const sent: Uint8Array[] = [];
        for (const turn of lengths) {
          for (const bytes of turn) {
            sent.push(new Uint8Array(bytes).map(() => next++));
            end.write(sent.at(-1)!);
          }
          await new Promise(setImmediate);
        }
        const whole = new Uint8Array(Buffer.concat(sent));
        expect(await heard(whole.length)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it('tells when memory may be used again', async () => {
    const { end, heard } = await connected();
    const sent = new Promise<void>((resolve) => void end.write(new Uint8Array(10), resolve));
    await sent;
    expect(await heard(10)).toHaveLength(10);
  });

  it('says when it is full and when it has drained, and loses nothing meanwhile', async () => {
    const { end, heard, drained } = await connected();
    const block = new Uint8Array(16_397).fill(7);
    let blocks = 0;
    for (let times = 0; times < 20; times++) {
      const draining = drained();
      while (end.write(block)) blocks++;
      blocks++;
      await draining;
    }
    expect((await heard(blocks * block.length)).every((byte) => byte === 7)).toBe(true);
    expect(blocks).toBeGreaterThan(20);
  });

  it('takes writes after it was closed without a word', async () => {
    const { end } = await connected();
    end.write(new Uint8Array(5));
    end.close();
    expect(end.write(new Uint8Array(5))).toBe(true);
    await new Promise(setImmediate);
  });
});
