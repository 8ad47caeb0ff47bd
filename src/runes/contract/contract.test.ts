import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod/mini';
import { ViverError } from '../../errors.ts';
import { type Client, checkMessage, defineInterface } from './interface.ts';
import { asPlainData, MAX_MESSAGE_BYTES } from './plain-data.ts';
import { defineRune } from './rune.ts';

const lease = defineInterface({
  name: 'lease',
  version: 1,
  calls: { give: { request: z.object({ mac: z.string() }), reply: z.object({ address: z.string() }) } },
});

const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error instanceof ViverError ? error.code : error;
  }
  return undefined;
};

describe('messages', () => {
  test('are typed from their schema', () => {
    expectTypeOf<Client<typeof lease>['give']>().toEqualTypeOf<
      (request: { mac: string }) => Promise<{ address: string }>
    >();
  });

  test('are checked, cleaned and frozen', () => {
    const request = checkMessage(lease.calls.give.request, { mac: 'a', extra: 1 }, 'x');
    expect(request).toEqual({ mac: 'a' });
    expect(Object.isFrozen(request)).toBe(true);
  });

  test('the error names who, what and the field', () => {
    expect(() => checkMessage(lease.calls.give.request, { mac: 7 }, 'dhcp asks lease.give: request')).toThrow(
      /^dhcp asks lease\.give: request: mac: /,
    );
  });

  test.each([
    ['a function', { f: () => 1 }, 'RUNES_NOT_PLAIN'],
    ['a class instance', { when: new Date() }, 'RUNES_NOT_PLAIN'],
    ['a map', new Map(), 'RUNES_NOT_PLAIN'],
    ['10 MB', { text: 'x'.repeat(10 * MAX_MESSAGE_BYTES) }, 'RUNES_TOO_LARGE'],
    ['many small things', Array.from({ length: 200_000 }, () => 0), 'RUNES_TOO_LARGE'],
    ['large bytes', new Uint8Array(MAX_MESSAGE_BYTES), 'RUNES_TOO_LARGE'],
  ])('%s is refused', (_name, value, code) => {
    expect(codeOf(() => asPlainData(value, 'x'))).toBe(code);
  });

  test('a circle is refused', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(codeOf(() => asPlainData(circle, 'x'))).toBe('RUNES_NOT_PLAIN');
  });

  test('plain data comes out equal, and not the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = asPlainData(value, 'x');
        // -0 and __proto__ keys apart, which JSON does not carry either.
        expect(JSON.stringify(copy)).toBe(
          JSON.stringify(value, (key, item) => (key === '__proto__' ? undefined : item)),
        );
      }),
    );
  });

  test('__proto__ of a message from outside changes nothing', () => {
    const copy = asPlainData(JSON.parse('{"__proto__": {"admin": true}}'), 'x') as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
  });
});

describe('definitions', () => {
  const good = { name: 'a', version: 1, stage: 'serve', offers: [], needs: [], start() {} } as const;

  test.each([
    [{ ...good, name: 'A b' }, 'RUNES_BAD_NAME'],
    [{ ...good, version: 0 }, 'RUNES_BAD_VERSION'],
    [{ ...good, stage: 'never' }, 'RUNES_BAD_RUNE'],
    [{ ...good, start: undefined }, 'RUNES_BAD_RUNE'],
    [{ ...good, needs: ['lease'] }, 'RUNES_BAD_RUNE'],
    [{ ...good, offers: undefined }, 'RUNES_BAD_RUNE'],
    [{ ...good, settings: { port: 80 } }, 'RUNES_BAD_RUNE'],
  ])('a rune that is none: %#', (rune, code) => {
    expect(codeOf(() => defineRune(rune as never))).toBe(code);
  });

  test.each([
    [{ calls: { give: { request: z.object({}) } } }],
    [{ calls: { give: { request: {}, reply: z.object({}) } } }],
    [{ calls: {}, events: { gone: 'text' } }],
  ])('an interface without schemas: %#', (shape) => {
    expect(codeOf(() => defineInterface({ name: 'a', version: 1, ...shape } as never))).toBe('RUNES_BAD_SCHEMA');
  });

  test('an interface needs a name', () => {
    expect(codeOf(() => defineInterface({ name: '', version: 1, calls: {} }))).toBe('RUNES_BAD_NAME');
  });
});

test('a list with four thousand million holes is refused at once', () => {
  expect(codeOf(() => asPlainData(new Array(4_294_967_295), 'x'))).toBe('RUNES_TOO_LARGE');
});
