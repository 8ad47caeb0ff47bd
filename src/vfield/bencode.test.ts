import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import {
  bencodeEnd,
  bytesOfSpan,
  decodeBencode,
  dictionarySpans,
  encodeBencode,
  encodeSpans,
  integerOfSpan,
} from './bencode.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ViverError) return error.code;
    throw error;
  }
  return 'fine';
}

describe('what is refused', () => {
  test.each([
    ['', 'BENCODE_SHORT'],
    ['d', 'BENCODE_SHORT'],
    ['l', 'BENCODE_SHORT'],
    ['i5', 'BENCODE_SHORT'],
    ['5:spam', 'BENCODE_SHORT'],
    ['9007199254740991:x', 'BENCODE_SHORT'],
    ['9007199254740993:x', 'BENCODE_LIMIT'],
    ['99999999999999999999:x', 'BENCODE_LIMIT'],
    ['i03e', 'BENCODE_INVALID'],
    ['i-0e', 'BENCODE_INVALID'],
    ['i+1e', 'BENCODE_INVALID'],
    ['i1.5e', 'BENCODE_INVALID'],
    ['ie', 'BENCODE_INVALID'],
    ['04:spam', 'BENCODE_INVALID'],
    ['x', 'BENCODE_INVALID'],
    ['i1ei2e', 'BENCODE_INVALID'],
    ['di1ei2ee', 'BENCODE_INVALID'],
    ['d1:bi1e1:ai2ee', 'BENCODE_INVALID'],
    ['d1:ai1e1:ai2ee', 'BENCODE_INVALID'],
    ['d9:__proto__dee', 'BENCODE_INVALID'],
    ['l'.repeat(100_000), 'BENCODE_LIMIT'],
    [`l${'le'.repeat(200_000)}e`, 'BENCODE_LIMIT'],
  ])('%.30s -> %s', (text, code) => {
    expect(codeOf(() => decodeBencode(bytes(text)))).toBe(code);
  });
});

test('binary keys and values stay what they are', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at + 200));
  const spans = dictionarySpans(Uint8Array.of(...bytes('d32:'), ...key, ...bytes('2:\xff\x00e')));
  expect([...spans.keys()]).toEqual([key.toString('latin1')]);
  expect(bytesOfSpan(spans.get(key.toString('latin1'))!, 'value')).toEqual(Uint8Array.of(0xff, 0));
});

test('spans are the raw bytes of each value', () => {
  const spans = dictionarySpans(bytes('d1:ad1:xi-7ee1:bli1e2:hiee'));
  expect(Buffer.from(spans.get('a')!).toString()).toBe('d1:xi-7ee');
  expect(Buffer.from(spans.get('b')!).toString()).toBe('li1e2:hie');
  expect(integerOfSpan(dictionarySpans(spans.get('a')!).get('x')!, 'x')).toBe(-7);
});

test('keys of peers may come in any order when asked for, and data may follow', () => {
  const message = bytes('d1:bi1e1:ai2eePAYLOAD');
  expect(codeOf(() => bencodeEnd(message))).toBe('BENCODE_INVALID');
  const end = bencodeEnd(message, 0, { anyKeyOrder: true });
  expect(Buffer.from(message.subarray(end)).toString()).toBe('PAYLOAD');
  expect(decodeBencode(message.subarray(0, end), { anyKeyOrder: true })).toEqual({ a: 2, b: 1 });
});

test('decode(encode(x)) = x', () => {
  const leaf = fc.oneof(
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value)),
  );
  const key = fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).filter((text) => text !== '__proto__');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (original) => {
      const encoded = encodeBencode(original as never);
      expect(bencodeEnd(encoded)).toBe(encoded.length);
      expect(decodeBencode(encoded)).toEqual(minusZeroGone(original));
    }),
  );
});

function minusZeroGone(value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value;
}

test('random bytes and cut values throw ViverError only', () => {
  const alphabet = fc.constantFrom(...'dlie:-0123456789ax').map((letter) => letter.charCodeAt(0));
  fc.assert(
    fc.property(fc.array(fc.oneof(alphabet, fc.nat(255)), { maxLength: 60 }), (array) => {
      codeOf(() => decodeBencode(Uint8Array.from(array)));
      codeOf(() => dictionarySpans(Uint8Array.from(array)));
    }),
    { numRuns: 3000 },
  );
});

test('a dictionary taken apart and put together again is the same, whatever the order and the bytes of its keys', () => {
  const key = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw).toString('latin1'));
  const value = fc.nat().map((number) => encodeBencode(number));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name }), (entries) => {
      fc.pre(entries.every(([name]) => name !== '__proto__'));
      expect(dictionarySpans(encodeSpans(new Map(entries)))).toEqual(new Map(entries));
      expect(encodeSpans(new Map(entries.toReversed()))).toEqual(encodeSpans(new Map(entries)));
    }),
  );
});
