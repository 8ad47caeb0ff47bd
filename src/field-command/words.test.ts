// The words of the command line: shares and NBD addresses.

import { expect, test } from 'vitest';
import { formatNbdUri, parseNbdAddress } from './nbd-address.ts';
import { parseShare, shareBytes } from './share.ts';

test('a share is an amount, a part of the RAM, or all', () => {
  expect(shareBytes(parseShare('512M')!, 1)).toBe(512 * 1024 * 1024);
  expect(shareBytes(parseShare('25%')!, 4096)).toBe(1024);
  expect(shareBytes(parseShare('all')!, 1)).toBe('whole');
  expect(parseShare('much')).toBeUndefined();
});

test.each([
  ['unix:/run/x y', { path: '/run/x y' }, 'nbd+unix:///?socket=/run/x%20y'],
  ['127.0.0.1:10809', { host: '127.0.0.1', port: 10809 }, 'nbd://127.0.0.1:10809/'],
  ['*:10809', { host: '::', port: 10809 }, 'nbd://[::]:10809/'],
])('NBD at %s', (text, address, uri) => {
  expect(parseNbdAddress(text)).toEqual(address);
  expect(formatNbdUri(parseNbdAddress(text)!, undefined)).toBe(uri);
});

test.each(['unix:', '10809', ':10809', '/run/nbd'])('no NBD at "%s"', (text) => {
  expect(parseNbdAddress(text)).toBeUndefined();
});

test('the port that the system chose', () => {
  expect(formatNbdUri({ host: '127.0.0.1', port: 0 }, 4711)).toBe('nbd://127.0.0.1:4711/');
});
