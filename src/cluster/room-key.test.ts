import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRoomKey, parseRoomKey } from './room-key.ts';

test('a key is 32 bytes that nobody had before', () => {
  const keys = Array.from({ length: 100 }, makeRoomKey);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(Buffer.from(parseRoomKey(`${key}\r\n`, 'x'), 'base64url')).toHaveLength(32);
});

test.each(['', 'short', 'a'.repeat(44), `${'a'.repeat(42)}+`, `${'a'.repeat(42)}b`])('%j is none', (text) => {
  expect(() => parseRoomKey(text, 'medium:/RUNES/room.key')).toThrow(/^medium:\/RUNES\/room\.key holds no room's key/);
});

test('any 32 bytes are read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url');
      expect(parseRoomKey(text, 'x')).toBe(text);
    }),
  );
});
