import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../../errors.ts';
import { encodeBencode } from '../bencode.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodeMetadataMessage,
  decodePeerExchange,
  decodeUrgent,
  encodeDontHave,
  encodeExtendedHandshake,
  encodeMetadataMessage,
  encodePeerExchange,
  encodeUrgent,
} from './extension.ts';

describe('extended messages', () => {
  it('decode to what was encoded', () => {
    const hello = {
      extensions: { ut_metadata: 1, ut_pex: 2, viver_urgent: 200, viver_trace: 5 },
      port: 6881,
      metadataBytes: 12_345,
      requestQueue: 250,
      client: 'Viver 0.1',
      member: { id: 'ab12', shareBytes: 2 ** 35, kind: 'ram' as const },
    };
    expect(decodeExtendedHandshake(encodeExtendedHandshake(hello))).toEqual(hello);
    const withTrace = { ...hello, member: { ...hello.member, traceBytes: 1234 } };
    expect(decodeExtendedHandshake(encodeExtendedHandshake(withTrace))).toEqual(withTrace);
    const data = { kind: 'data' as const, part: 3, totalBytes: 60_000, bytes: Uint8Array.of(100, 101, 101, 58) };
    expect(decodeMetadataMessage(encodeMetadataMessage(data))).toEqual(data);
    expect(decodeMetadataMessage(encodeMetadataMessage({ kind: 'request', part: 0 }))).toEqual({
      kind: 'request',
      part: 0,
    });
    const range = { piece: 7, begin: 16_384, length: 4096 };
    expect(decodeUrgent(encodeUrgent(range))).toEqual(range);
    expect(decodeDontHave(encodeDontHave(99))).toBe(99);
  });

  it('carry addresses of both families; names stay out', () => {
    const known = ['10.0.0.1:6881', '192.168.255.254:65535', '[fe80::1]:80', '[2001:db8:1:2:3:4:5:6]:6881'];
    const told = decodePeerExchange(encodePeerExchange([...known, 'host.example:1'], ['10.0.0.9:1', '[fe80::2]:81']));
    expect(told.dropped).toEqual(['10.0.0.9:1', '[fe80:0:0:0:0:0:0:2]:81']);
    expect(told.added).toEqual([
      '10.0.0.1:6881',
      '192.168.255.254:65535',
      '[fe80:0:0:0:0:0:0:1]:80',
      '[2001:db8:1:2:3:4:5:6]:6881',
    ]);
  });

  it('read a libtorrent hello, and leave out what has a wrong type', () => {
    const foreign = {
      v: 'libtorrent 2.0',
      m: { ut_pex: 1, lt_donthave: 7, upload_only: 3, ut_metadata: 'two' },
      p: 99_999,
      reqq: 500,
      viver: { id: 'x', share: -1, kind: 'ram' },
    };
    expect(decodeExtendedHandshake(encodeBencode(foreign))).toEqual({
      extensions: { ut_pex: 1, lt_donthave: 7 },
      requestQueue: 500,
      client: 'libtorrent 2.0',
    });
  });

  it('that are noise throw ViverError, nothing else', () => {
    const decoders = [decodeExtendedHandshake, decodeMetadataMessage, decodePeerExchange, decodeUrgent, decodeDontHave];
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .string({ unit: fc.constantFrom('d', 'l', 'e', 'i', '1', ':', 'm', '0', '5', 'added', '8:msg_type') })
        .map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ViverError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
