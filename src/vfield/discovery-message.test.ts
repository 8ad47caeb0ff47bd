import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDiscovery, encodeDiscovery } from './discovery-message.ts';

it('decodes to what was encoded', () => {
  const message = { port: 6881, infoHashes: [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)], cookie: 'abc' };
  expect(decodeDiscovery(encodeDiscovery(message))).toEqual(message);
});

it('reads what other clients send', () => {
  const text = `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 51413\r\nInfohash: ${'AB'.repeat(20)}\r\n\r\n\r\n`;
  expect(decodeDiscovery(new TextEncoder().encode(text))).toEqual({
    port: 51_413,
    infoHashes: [new Uint8Array(20).fill(0xab)],
  });
});

it('passes over everything else', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeDiscovery(bytes) === undefined));
  for (const text of ['', 'BT-SEARCH * HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nPort: 1\r\n']) {
    expect(decodeDiscovery(new TextEncoder().encode(text))).toBeUndefined();
  }
});
