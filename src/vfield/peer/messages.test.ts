import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../../errors.ts';
import { decodeHandshake, encodeHandshake, formatHandshake, mayBeHandshake } from './handshake.ts';
import { decodeMessage, encodeMessage, formatMessage, MAX_MESSAGE_BYTES, type Message } from './messages.ts';
import { PushDecoder } from './push-decoder.ts';

type Sent = Exclude<Message, { kind: 'unknown' }>;
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const hashRange = { piecesRoot: bytes(32, 32), baseLayer: u32, index: u32, count: u32, proofLayers: u32 };
const message: fc.Arbitrary<Sent> = fc.oneof(
  fc
    .constantFrom('keepAlive', 'choke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone')
    .map((kind) => ({ kind }) as Sent),
  fc.record({ kind: fc.constantFrom('have', 'suggest', 'allowedFast'), piece: u32 }),
  fc.record({ kind: fc.constant('bitfield' as const), bits: bytes(0, 40) }),
  fc.record({ kind: fc.constantFrom('request', 'cancel', 'reject'), piece: u32, begin: u32, length: u32 }),
  fc.record({ kind: fc.constant('piece' as const), piece: u32, begin: u32, bytes: bytes(1, 40_000) }),
  fc.record({ kind: fc.constant('port' as const), port: fc.integer({ min: 0, max: 65_535 }) }),
  fc.record({ kind: fc.constant('extended' as const), extension: fc.nat(255), payload: bytes(0, 40) }),
  fc.record({ kind: fc.constantFrom('hashRequest', 'hashReject'), ...hashRange }),
  fc.record({
    kind: fc.constant('hashes' as const),
    ...hashRange,
    hashes: fc.nat(4).map((n) => new Uint8Array(32 * n).fill(n)),
  }),
) as fc.Arbitrary<Sent>;

const plain = (value: Message): object =>
  Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, field instanceof Uint8Array ? field.toHex() : field]),
  );

describe('messages', () => {
  it('decode to what was encoded, and have a line for the log', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const encoded = encodeMessage(sent);
        expect(new DataView(encoded.buffer, encoded.byteOffset).getUint32(0)).toBe(encoded.length - 4);
        const decoded = decodeMessage(encoded.subarray(4));
        expect(plain(decoded)).toEqual(plain(sent));
        expect(formatMessage(decoded)).toMatch(/^\w/);
      }),
    );
  });

  it('that are noise decode or throw ViverError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          formatMessage(decodeMessage(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('look on the wire as BEP 3 and 52 draw them', () => {
    const hex = (sent: Sent): string => Buffer.from(encodeMessage(sent)).toString('hex');
    expect(hex({ kind: 'keepAlive' })).toBe('00000000');
    expect(hex({ kind: 'unchoke' })).toBe('0000000101');
    expect(hex({ kind: 'have', piece: 258 })).toBe('000000050400000102');
    expect(hex({ kind: 'request', piece: 1, begin: 16_384, length: 16_384 })).toBe(
      '0000000d06000000010000400000004000',
    );
    expect(hex({ kind: 'piece', piece: 1, begin: 2, bytes: Uint8Array.of(9) })).toBe('0000000a07000000010000000209');
    const range = { piecesRoot: new Uint8Array(32).fill(0xaa), baseLayer: 3, index: 512, count: 512, proofLayers: 9 };
    expect(hex({ kind: 'hashRequest', ...range })).toBe(`0000003115${'aa'.repeat(32)}00000003000002000000020000000009`);
  });

  it('of a wrong length are refused', () => {
    for (const hex of ['04', '0400', '040000000100', '06000000010000000200000003ff', '0900', '0700000001', '1600']) {
      expect(() => decodeMessage(Uint8Array.fromHex(hex)), hex).toThrow(ViverError);
    }
  });
});

describe('the push decoder', () => {
  it('gives the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50_000 })), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((one) => encodeMessage(one)));
        const expected = sent.map(plain);
        expect(feed(stream, cuts)).toEqual(expected);
        expect(feed(stream.subarray(0, 2_000), [1])).toEqual(feed(stream.subarray(0, 2_000), [2_000]));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a length beyond the limit before it takes any memory', () => {
    const decoder = new PushDecoder(() => {});
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, MAX_MESSAGE_BYTES + 1);
    expect(() => decoder.push(head)).toThrow(expect.objectContaining({ code: 'PEER_TOO_LONG' }));
    const slow = new PushDecoder(() => {});
    slow.push(Uint8Array.of(0xff, 0xff, 0xff));
    expect(() => slow.push(Uint8Array.of(0xff))).toThrow(ViverError);
  });
});

/** Cuts the stream again and again by `cuts` and decodes what comes out. */
function feed(stream: Uint8Array, cuts: readonly number[]): object[] {
  const messages: object[] = [];
  const decoder = new PushDecoder((body) => messages.push(plain(decodeMessage(body.slice()))));
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const count = cuts[turn % Math.max(1, cuts.length)] ?? stream.length;
    decoder.push(stream.slice(at, at + count));
    at += count;
  }
  return messages;
}

describe('the handshake', () => {
  const handshake = fc.record({
    infoHash: bytes(20, 20),
    peerId: bytes(20, 20),
    extended: fc.boolean(),
    fast: fc.boolean(),
    version2: fc.boolean(),
  });

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(handshake, (sent) => {
        const encoded = encodeHandshake(sent);
        expect(encoded.length).toBe(68);
        expect(decodeHandshake(encoded)).toEqual(sent);
        expect(formatHandshake(sent)).toContain(sent.infoHash.toHex());
      }),
    );
  });

  it('is told from encryption by its first bytes', () => {
    const start = encodeHandshake({
      infoHash: new Uint8Array(20),
      peerId: new Uint8Array(20),
      extended: true,
      fast: true,
      version2: true,
    });
    for (let length = 0; length <= 68; length++) expect(mayBeHandshake(start.subarray(0, length))).toBe(true);
    expect(mayBeHandshake(Uint8Array.of(0x4f))).toBe(false);
    expect(start.subarray(20, 28).toHex()).toBe('0000000000100014');
  });
});
