import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { formatMagnet, parseMagnet } from './magnet.ts';

const V2 = Uint8Array.from({ length: 32 }, (_, at) => at);
const V1 = Uint8Array.from({ length: 20 }, (_, at) => 255 - at);

test('golden link', () => {
  const peers = ['10.77.0.1:6881', '[fe80::1%eth0]:6881'];
  expect(formatMagnet({ infoHashV2: V2, infoHashV1: V1, name: 'Debian & co', peers })).toBe(
    'magnet:?xt=urn:btmh:1220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f' +
      '&xt=urn:btih:fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedec&dn=Debian%20%26%20co&x.pe=10.77.0.1:6881&x.pe=[fe80::1%25eth0]:6881',
  );
});

test('parse(format(x)) = x', () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.domain(),
    fc.ipV6().map((address) => `[${address}]`),
  );
  const peer = fc.tuple(host, fc.integer({ min: 1, max: 65535 })).map(([name, port]) => `${name}:${port}`);
  const webSeed = fc.nat().map((number) => `http://pc-${number}/an image?a=${number}&b=%20`);
  const magnet = fc.record(
    {
      infoHashV2: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      infoHashV1: fc.uint8Array({ minLength: 20, maxLength: 20 }),
      name: fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }).filter((text) => text.isWellFormed()),
      peers: fc.array(peer, { maxLength: 4 }),
      webSeedUrls: fc.array(webSeed, { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['infoHashV2', 'peers'] },
  );
  fc.assert(
    fc.property(magnet, (original) => {
      expect(parseMagnet(formatMagnet(original))).toEqual(original);
    }),
  );
});

test('links of other programs: upper case, other order, unknown keys, trackers', () => {
  const link = `MAGNET:?dn=a+b&tr=http%3A%2F%2Ft&xt.1=URN:BTMH:1220${Buffer.from(V2).toString('hex').toUpperCase()}&kt=x&ws=http://h/`;
  expect(parseMagnet(link)).toEqual({ infoHashV2: V2, name: 'a b', peers: [], webSeedUrls: ['http://h/'] });
});

describe('refused', () => {
  const good = formatMagnet({ infoHashV2: V2, peers: [] });
  test.each([
    ['http://x', 'MAGNET_FORM'],
    ['magnet:?', 'MAGNET_HASH'],
    [`magnet:?xt=urn:btih:${'0'.repeat(40)}`, 'MAGNET_HASH'],
    [`${good}00`, 'MAGNET_HASH'],
    [`${good}&xt=urn:btmh:1220${'0'.repeat(64)}`, 'MAGNET_HASH'],
    [`${good}&dn=%zz`, 'MAGNET_FORM'],
    [`${good}&ws=host/file`, 'MAGNET_WEB_SEED'],
    [`${good}${'&ws=http://h/'.repeat(17)}`, 'MAGNET_LIMIT'],
    [`${good}&x.pe=host`, 'MAGNET_PEER'],
    [`${good}&x.pe=host:0`, 'MAGNET_PEER'],
    [`${good}&x.pe=host:65536`, 'MAGNET_PEER'],
    [`${good}&x.pe=fe80::1:6881`, 'MAGNET_PEER'],
    [`${good}${'&x.pe=h:1'.repeat(65)}`, 'MAGNET_LIMIT'],
    [`${good}&dn=${'x'.repeat(5000)}`, 'MAGNET_LIMIT'],
  ])('%.70s -> %s', (link, code) => {
    expect(() => parseMagnet(link)).toThrow(expect.objectContaining({ code }));
  });

  test('any text is a ViverError or a link', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        try {
          parseMagnet(`${good}&${a}=${b}`);
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
