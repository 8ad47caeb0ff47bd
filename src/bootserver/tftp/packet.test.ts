import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViverError } from '../../errors.ts';
import { negotiate } from './negotiate.ts';
import { decodeTftp, encodeTftp, formatTftp, type TftpPacket } from './packet.ts';

const ascii = (text: string) => new TextEncoder().encode(text.replaceAll('|', '\0'));
const optionText = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const options = fc.array(fc.tuple(optionText, optionText), { maxLength: 6 }).map((rows) => new Map(rows));
const anyPacket: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('read' as const, 'write' as const),
    path: fc.stringMatching(/^[a-z./]{1,60}$/),
    mode: fc.constant('octet'),
    options,
  }),
  fc.record({ kind: fc.constant('data' as const), block: fc.nat(65535), bytes: fc.uint8Array({ maxLength: 1468 }) }),
  fc.record({ kind: fc.constant('ack' as const), block: fc.nat(65535) }),
  fc.record({ kind: fc.constant('error' as const), code: fc.nat(8), message: fc.stringMatching(/^[a-z ]{0,40}$/) }),
  fc.record({ kind: fc.constant('oack' as const), options }),
);

test('decode undoes encode', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      expect(decodeTftp(encodeTftp(packet))).toEqual(packet);
    }),
  );
});

test('random bytes give a packet or a ViverError', () => {
  fc.assert(
    fc.property(fc.nat(7), fc.uint8Array({ maxLength: 1200 }), (opcode, noise) => {
      for (const bytes of [noise, Uint8Array.of(0, opcode, ...noise)]) {
        try {
          formatTftp(decodeTftp(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test.each<[string, string, string]>([
  ['names in capitals', '\0\x01f|OCTET|BLKSIZE|1432|TSize|0|', 'read "f" octet blksize=1432 tsize=0'],
  ['zeros behind the end', '\0\x01f|octet|tsize|0||||', 'read "f" octet tsize=0'],
  ['an option without value', '\0\x01f|octet|tsize|', 'read "f" octet'],
  ['a name that objects have', '\0\x01__proto__|octet|', 'read "__proto__" octet'],
])('%s', (_what, text, formatted) => {
  expect(formatTftp(decodeTftp(ascii(text)))).toBe(formatted);
});

test.each([
  ['nothing', '', 'TFTP_SHORT'],
  ['one byte', '\0', 'TFTP_SHORT'],
  ['no name', '\0\x01', 'TFTP_SHORT'],
  ['a name without end', '\0\x01file', 'TFTP_SHORT'],
  ['an ACK without number', '\0\x04\0', 'TFTP_SHORT'],
  ['opcode 9', '\0\x09abc', 'TFTP_BAD_OPCODE'],
  ['a long name', `\0\x01${'x'.repeat(1100)}|octet|`, 'TFTP_TOO_LONG'],
])('refuses %s', (_what, text, code) => {
  expect(() => decodeTftp(ascii(text))).toThrow(expect.objectContaining({ code }));
});

test.each<[Record<string, string>, Record<string, string>]>([
  [{}, {}],
  [
    { blksize: '1432', tsize: '0' },
    { blksize: '1432', tsize: '7000' },
  ],
  [{ blksize: '65464' }, { blksize: '1468' }],
  [{ blksize: '7' }, {}],
  [{ blksize: '70000' }, {}],
  [{ blksize: '-1', timeout: '0', windowsize: '0' }, {}],
  [{ blksize: '1e3', timeout: '256', windowsize: 'x' }, {}],
  [
    { timeout: '3', windowsize: '16' },
    { timeout: '3', windowsize: '16' },
  ],
  [{ windowsize: '65535' }, { windowsize: '64' }],
  [{ tsize: '12', multicast: '' }, { tsize: '7000' }],
])('%j is answered with %j', (asked, accepted) => {
  expect(Object.fromEntries(negotiate(new Map(Object.entries(asked)), 7000).accepted)).toEqual(accepted);
});
