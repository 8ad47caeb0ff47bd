import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';
import type { BlockSource } from '../src/vfield/block-source.ts';
import { Command } from '../src/vfield/nbd/protocol.ts';
import { encodeRequest, REPLY_HEAD_BYTES } from '../src/vfield/nbd/transmission.ts';
import { keepServed } from './attach.ts';

const source: BlockSource = {
  sizeBytes: 8192,
  read: async (offsetBytes, lengthBytes) => new Uint8Array(lengthBytes).fill(offsetBytes / 4096),
};

/** The payload that the kernel's end gets for the second block. */
async function readBlock(kernel: Duplex): Promise<Buffer> {
  const request = {
    flags: 0,
    command: Command.read,
    cookieHigh: 0,
    cookieLow: 7,
    offsetBytes: 4096,
    lengthBytes: 4096,
  };
  kernel.write(encodeRequest(request));
  const chunks: Buffer[] = [];
  for await (const chunk of kernel.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    if (Buffer.concat(chunks).length >= REPLY_HEAD_BYTES + 4096) break;
  }
  return Buffer.concat(chunks).subarray(REPLY_HEAD_BYTES);
}

test('a device whose connection ends is served over the next one, as soon as there is one', async () => {
  const block = Buffer.alloc(4096, 1);
  const lines: string[] = [];
  const second = Promise.withResolvers<Duplex>();
  const third = Promise.withResolvers<Duplex>();
  const attempts = [
    () => connection(second),
    () => {
      throw new Error('ENOMEM');
    },
    () => connection(third),
  ];
  const connection = ({ resolve }: PromiseWithResolvers<Duplex>): Duplex => {
    const [ours, kernels] = duplexPair();
    resolve(kernels);
    return ours;
  };
  const [ours, first] = duplexPair();
  const log = createLog((level, _area, message) => lines.push(`${level} ${message}`));
  keepServed(source, ours, () => attempts.shift()!(), log);

  expect(await readBlock(first)).toEqual(block);
  first.destroy(); // as the kernel does it when it takes the connection for dead
  expect(await readBlock(await second.promise)).toEqual(block);
  (await second.promise).write(Buffer.alloc(28)); // no request: the stream is out of step and closed by us
  expect(await readBlock(await third.promise)).toEqual(block);
  expect(attempts).toEqual([]);
  expect(lines.filter((line) => line.startsWith('error'))).toEqual(['error ENOMEM']);
  expect(lines.filter((line) => /has lost its connection/.test(line))).toHaveLength(2);
});
