import { expect, test } from 'vitest';
import { parseFileMappings } from './memory-maps.ts';

test('files are told from the heap, the stack and what has no name', () => {
  const maps = [
    '00400000-0082e000 r--p 00000000 07:00 14                                 /bin/node',
    '0082e000-03489000 r-xp 0042e000 07:00 14                                 /bin/node',
    '7ffe0000-7ffe2000 rw-p 00000000 00:00 0                                  [stack]',
    '7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ',
    '7f1000000000-7f1000001000 r-xp 00000000 07:00 22                         /lib/a folder/libc.so.6 (deleted)',
    '',
  ].join('\n');
  expect(parseFileMappings(maps)).toEqual([
    { start: 0x400000n, lengthBytes: 0x42e000n, path: '/bin/node', isText: false },
    { start: 0x82e000n, lengthBytes: 0x2c5b000n, path: '/bin/node', isText: true },
    { start: 0x7f1000000000n, lengthBytes: 0x1000n, path: '/lib/a folder/libc.so.6 (deleted)', isText: true },
  ]);
});
