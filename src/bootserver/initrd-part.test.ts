import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packInitrdPart } from './initrd-part.ts';

const files = [
  { path: 'viver/RUNES/roles', content: Buffer.from('first: @first a\n') },
  { path: 'viver/RUNES/runes/a.ts', content: Buffer.from('x') },
  { path: 'viver/RUNES/empty', content: new Uint8Array() },
];

test('headers and bodies lie at multiples of 4, the trailer ends it', () => {
  const text = gunzipSync(packInitrdPart(files)).toString('latin1');
  const places = [...text.matchAll(/070701/g)].map(({ index }) => index);
  expect(places).toHaveLength(3 + 3 + 1);
  expect(places.every((place) => place % 4 === 0)).toBe(true);
  expect(text.length % 4).toBe(0);
  expect(text).toContain('TRAILER!!!\0');
});

test('equal files give equal bytes', () => {
  expect(packInitrdPart(files)).toEqual(packInitrdPart(files));
});

test('GNU cpio reads it', () => {
  const input = gunzipSync(packInitrdPart(files));
  const { stdout, status } = spawnSync('cpio', ['-itv', '--quiet'], { input, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ').split(' ').toSpliced(5, 3).toSpliced(1, 3).join(' ')),
  ).toEqual([
    'drwx------ 0 viver',
    'drwx------ 0 viver/RUNES',
    'drwx------ 0 viver/RUNES/runes',
    '-rw------- 16 viver/RUNES/roles',
    '-rw------- 1 viver/RUNES/runes/a.ts',
    '-rw------- 0 viver/RUNES/empty',
  ]);
});
