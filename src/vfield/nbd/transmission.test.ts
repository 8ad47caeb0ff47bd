import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../../errors.ts';
import { Command, MAX_REQUEST_BYTES, NbdErrno } from './protocol.ts';
import {
  checkRequest,
  decodeRequest,
  encodeReplyHead,
  encodeRequest,
  formatRequest,
  type Request,
  RequestDecoder,
} from './transmission.ts';

const READ: Request = {
  flags: 0,
  command: Command.read,
  cookieHigh: 1,
  cookieLow: 2,
  offsetBytes: 4096,
  lengthBytes: 512,
};
const u32 = fc.nat(0xffffffff);
const anyRequest = fc.record({
  flags: fc.nat(0xffff),
  command: fc.oneof(fc.nat(9), fc.nat(0xffff)).filter((command) => command !== Command.write),
  cookieHigh: u32,
  cookieLow: u32,
  offsetBytes: fc.maxSafeNat(),
  lengthBytes: u32,
});

test('golden request and reply', () => {
  expect(Buffer.from(encodeRequest(READ)).toString('hex')).toBe(
    '25609513000000000000000100000002000000000000100000000200',
  );
  const head = new Uint8Array(16);
  encodeReplyHead(head, READ, NbdErrno.EIO);
  expect(Buffer.from(head).toString('hex')).toBe('67446698000000050000000100000002');
  expect(formatRequest(READ)).toBe('read 512 bytes at 4096');
});

test('decode(encode(x)) = x', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      expect(decodeRequest(encodeRequest(request))).toEqual(request);
    }),
  );
});

test('however the stream is cut, the requests are the same; payload of writes is skipped', () => {
  const write = fc.nat(100).map((lengthBytes) => ({ ...READ, command: Command.write, lengthBytes }));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(anyRequest, write), { maxLength: 10 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 70 })),
      (requests, cuts) => {
        const stream = Buffer.concat(
          requests.flatMap((request) => [
            encodeRequest(request),
            Buffer.alloc(request.command === Command.write ? request.lengthBytes : 0, 0xee),
          ]),
        );
        const decoder = new RequestDecoder();
        const seen: Request[] = [];
        for (let at = 0; at < stream.length; ) {
          const size = cuts.next().value as number;
          seen.push(...decoder.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(seen).toEqual(requests);
      },
    ),
  );
});

test('a stream that can not be followed throws ViverError', () => {
  expect(() => new RequestDecoder().push(new Uint8Array(28))).toThrow(expect.objectContaining({ code: 'NBD_MAGIC' }));
  const write = encodeRequest({ ...READ, command: Command.write, lengthBytes: MAX_REQUEST_BYTES + 1 });
  expect(() => new RequestDecoder().push(write)).toThrow(expect.objectContaining({ code: 'NBD_PAYLOAD' }));
});

test('random bytes throw ViverError only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        new RequestDecoder().push(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ViverError);
      }
    }),
  );
});

describe('what a read-only export of 10000 bytes answers', () => {
  const OK = NbdErrno.ok;
  const { EINVAL, EPERM } = NbdErrno;
  test.each<[string, Partial<Request>, NbdErrno]>([
    ['read', { offsetBytes: 0, lengthBytes: 10_000 }, OK],
    ['read of odd place and length', { offsetBytes: 9_999, lengthBytes: 1 }, OK],
    ['read of nothing', { offsetBytes: 100, lengthBytes: 0 }, EINVAL],
    ['read past the end', { offsetBytes: 9_999, lengthBytes: 2 }, EINVAL],
    ['read behind the end', { offsetBytes: 20_000, lengthBytes: 1 }, EINVAL],
    ['read with FUA', { offsetBytes: 0, lengthBytes: 1, flags: 1 }, EINVAL],
    ['read at 2^63', { offsetBytes: 2 ** 63, lengthBytes: 1 }, EINVAL],
    ['write', { command: Command.write }, EPERM],
    ['trim', { command: Command.trim }, EPERM],
    ['write zeroes', { command: Command.writeZeroes }, EPERM],
    ['flush, which was not offered', { command: Command.flush }, EINVAL],
    ['cache', { command: Command.cache }, EINVAL],
    ['block status', { command: Command.blockStatus }, EINVAL],
    ['a command of the future', { command: 999 }, EINVAL],
  ])('%s', (_, change, errno) => {
    expect(checkRequest({ ...READ, offsetBytes: 0, lengthBytes: 1, ...change }, 10_000)).toBe(errno);
  });

  test('a read of more than 32 MiB is refused', () => {
    expect(checkRequest({ ...READ, lengthBytes: MAX_REQUEST_BYTES }, 2 ** 40)).toBe(OK);
    expect(checkRequest({ ...READ, lengthBytes: MAX_REQUEST_BYTES + 1 }, 2 ** 40)).toBe(EINVAL);
  });
});
