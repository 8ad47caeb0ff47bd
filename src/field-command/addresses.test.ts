import { describe, expect, test } from 'vitest';
import { type OwnAddress, parseListenAddress, reachableAddresses } from './addresses.ts';

test.each([
  ['10.0.0.1:6881', { host: '10.0.0.1', port: 6881 }],
  ['[fd00::1]:6881', { host: 'fd00::1', port: 6881 }],
  ['seed.room:80', { host: 'seed.room', port: 80 }],
  ['*:6881', { port: 6881 }],
  [':6881', { port: 6881 }],
  ['0', { port: 0 }],
])('%s', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each(['', 'host', 'host:', '10.0.0.1:65536', 'fd00::1:6881', '[fd00::1]', 'a b:1', '10.0.0.1:-1'])(
  '"%s" is no address',
  (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  },
);

describe('who listens on all addresses is reached at', () => {
  const own = (address: string, internal = false): OwnAddress => ({
    address,
    internal,
    family: address.includes(':') ? 'IPv6' : 'IPv4',
  });
  const laptop = [
    own('127.0.0.1', true),
    own('::1', true),
    own('fe80::1'),
    own('fd00::2'),
    own('169.254.3.4'),
    own('10.0.0.2'),
  ];

  test('those that mean the same elsewhere, IPv4 first', () => {
    expect(reachableAddresses(undefined, 6881, laptop)).toEqual(['10.0.0.2:6881', '[fd00::2]:6881']);
    expect(reachableAddresses('0.0.0.0', 6881, laptop)).toEqual(['10.0.0.2:6881']);
  });

  test('loopback on a machine without a network', () => {
    expect(reachableAddresses(undefined, 1, laptop.slice(0, 3))).toEqual(['127.0.0.1:1']);
  });

  test('not more than fit into a link', () => {
    const many = Array.from({ length: 300 }, (_, at) => own(`10.1.${at >> 8}.${at & 255}`));
    expect(reachableAddresses(undefined, 1, many)).toHaveLength(16);
  });
});

test('who listens on one address is reached there', () => {
  expect(reachableAddresses('fd00::9', 6881, [])).toEqual(['[fd00::9]:6881']);
});
