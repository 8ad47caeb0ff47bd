// `viver-kit image trace` on files: traces that machines have recorded, merged into an image, seen again in all that is made of it. The recording
// itself is in test/vm/boot-trace.slow.test.ts. Needs squashfs-tools, e2fsprogs, mtools, xorriso and GRUB.

import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageFile } from '../../kit/image-file.ts';
import { decodeMetainfo } from '../../src/vfield/metainfo.ts';
import { kit, makeTree, run } from './kit-tree.ts';

let folder: string;
let image: string;
let infoHash: string;
let pieceCount: number;
const inFolder = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viver-trace-'));
  image = inFolder('small.viver');
  makeTree(inFolder('tree'));
  expect(kit(['image', 'create', '--root', inFolder('tree'), '--output', image])).toMatchObject({ status: 0 });
  const { metainfo } = await readImageFile(image);
  infoHash = metainfo.infoHashV2.toHex();
  pieceCount = metainfo.pieceCount;
  expect(pieceCount).toBeGreaterThan(2);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function traceFile(name: string, lines: string, hash = infoHash): string {
  writeFileSync(inFolder(name), `viver-trace 1 ${hash} ${pieceCount}\n# a comment\n${lines}\n`);
  return inFolder(name);
}

test('a trace goes in, is told, and comes out again; the image stays the same image', () => {
  const copy = inFolder('copy.viver');
  copyFileSync(image, copy);
  const kept = inFolder('kept.trace');
  const given = kit(['image', 'trace', copy, '--from', traceFile('a.trace', '2\n0-1'), '--keep-trace', kept]);
  expect(given).toMatchObject({ status: 0, stdout: `${copy}: boot trace: 3 of ${pieceCount} pieces, 3 bytes\n` });
  const facts = JSON.parse(kit(['image', 'info', '--json', copy]).stdout);
  expect(facts).toMatchObject({ infoHash, bootTrace: { pieces: 3, bytes: 3 } });
  expect(kit(['image', 'info', copy]).stdout).toContain(`boot trace 3 of ${pieceCount} pieces, 3 bytes\n`);
  expect(kit(['image', 'verify', copy])).toMatchObject({ status: 0 });
  expect(readFileSync(kept, 'utf8')).toBe(`viver-trace 1 ${infoHash} ${pieceCount}\n# merged from 1 file\n2\n0-1\n`);

  expect(kit(['image', 'trace', copy, '--remove'])).toMatchObject({ status: 0, stdout: `${copy}: boot trace: none\n` });
  expect(readFileSync(copy)).toEqual(readFileSync(image));
});

test('several traces are merged, also into an image that a link names and others may read', async () => {
  const copy = inFolder('linked.viver');
  copyFileSync(image, copy);
  run('chmod', '640', copy);
  run('chown', '1234:5678', copy);
  symlinkSync(copy, inFolder('link'));
  const from = [traceFile('a.trace', '2\n0-1'), traceFile('b.trace', '2\n1\n0'), traceFile('c.trace', '0\n2\n1')];
  expect(kit(['image', 'trace', inFolder('link'), '--from', ...from])).toMatchObject({ status: 0 });
  const { metainfo } = await readImageFile(copy);
  expect(metainfo.bootTrace).toEqual([2, 0, 1]);
  const { mode, uid, gid } = statSync(copy);
  expect([mode & 0o777, uid, gid]).toEqual([0o640, 1234, 5678]);
});

test('a stick and a hybrid .torrent carry the trace along', () => {
  const copy = inFolder('carried.viver');
  copyFileSync(image, copy);
  kit(['image', 'trace', copy, '--from', traceFile('a.trace', '2\n0-1')]);
  writeFileSync(inFolder('initrd.img'), 'no real initrd');
  const stick = inFolder('stick.img');
  const created = kit(['media', 'create', '--image', copy, '--initrd', inFolder('initrd.img'), '--output', stick]);
  expect(created).toMatchObject({ status: 0 });
  const table = JSON.parse(run('sfdisk', '--json', stick)).partitiontable;
  const start = table.partitions.at(-1).start * 512;
  run('debugfs', '-R', `dump small.viver ${inFolder('from-stick.viver')}`, `${stick}?offset=${start}`);
  expect(readFileSync(inFolder('from-stick.viver'))).toEqual(readFileSync(copy));

  kit([
    'image',
    'torrent',
    copy,
    '--hybrid',
    '--output',
    inFolder('t.torrent'),
    '--announce',
    'http://pc:6881/announce',
  ]);
  expect(decodeMetainfo(readFileSync(inFolder('t.torrent'))).bootTrace).toEqual([2, 0, 1]);
});

test.each([
  [
    'a trace of another image',
    ['--from', 'foreign.trace'],
    /foreign\.trace is of image 0{64}, .*small\.viver is [0-9a-f]{64}$/,
  ],
  ['a file that is no trace', ['--from', 'noise.trace'], /noise\.trace: boot trace: line 3 is no piece and no range$/],
  [
    'a piece behind the image',
    ['--from', 'outside.trace'],
    /outside\.trace: boot trace: piece 900 of an image of \d+$/,
  ],
  ['no such file', ['--from', 'none.trace'], /ENOENT.*none\.trace'$/],
  ['a kernel that is not there', ['--kernel', 'none'], /no such file: .*none$/],
])('%s: one line, and the image stays as it is', (_, args, complaint) => {
  const before = readFileSync(image);
  traceFile('foreign.trace', '0', '0'.repeat(64));
  traceFile('noise.trace', 'hello');
  traceFile('outside.trace', '900');
  const files = args.map((word) => (word.startsWith('--') ? word : inFolder(word)));
  const { status, stderr } = kit(['image', 'trace', image, ...files]);
  expect(status).toBe(1);
  expect(stderr.trimEnd()).toMatch(complaint);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  expect(readFileSync(image)).toEqual(before);
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
});
