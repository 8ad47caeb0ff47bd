import { expect, test } from 'vitest';
import { parseFileMappings } from './memory-maps.ts';

test('files are told from the heap, the stack and what has no name; what was written to is not clean', () => {
  const smaps = [
    '00400000-0082e000 r--p 00000000 07:00 14                                 /bin/node',
    'Size:               4280 kB',
    'Anonymous:             0 kB',
    '04489000-04499000 r--p 0042e000 07:00 14                                 /bin/node',
    'Anonymous:            64 kB',
    'VmFlags: rd mr',
    '7ffe0000-7ffe2000 rw-p 00000000 00:00 0                                  [stack]',
    'Anonymous:             8 kB',
    '7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ',
    'Anonymous:             0 kB',
    '7f1000000000-7f1000001000 r-xp 00000000 07:00 22                         /lib/a folder/libc.so.6 (deleted)',
    'Rss:                   4 kB',
    'Anonymous:             0 kB',
    '',
  ].join('\n');
  expect(parseFileMappings(smaps)).toEqual([
    { start: 0x400000n, lengthBytes: 0x42e000n, path: '/bin/node', isClean: true },
    { start: 0x4489000n, lengthBytes: 0x10000n, path: '/bin/node', isClean: false },
    { start: 0x7f1000000000n, lengthBytes: 0x1000n, path: '/lib/a folder/libc.so.6 (deleted)', isClean: true },
  ]);
});
