import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addTallies, chooseFiles, failedReads, judgeReads, listFiles, NO_READS, READ_SCRIPT } from './reads.ts';

const folder = mkdtempSync(join(tmpdir(), 'viver-reads-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Runs the script that guests run, on a folder of this machine, whose caches stay. */
function read(paths: readonly string[]): string {
  const script = READ_SCRIPT.replace('/run/viver/image', folder).replace(/^echo 3.*\n/m, '');
  const input = paths.map((path) => `${path}\n`).join('');
  return spawnSync('/bin/sh', ['-c', script], { input, encoding: 'utf8' }).stdout;
}

test('right, wrong and missing files are told apart, and names may have blanks', () => {
  writeFileSync(join(folder, 'one'), 'one');
  writeFileSync(join(folder, 'two words'), 'two');
  const files = [
    { path: './one', hash: hashOf('one') },
    { path: './two words', hash: hashOf('two') },
    { path: './one', hash: hashOf('another') },
    { path: './none', hash: hashOf('none') },
  ];
  const tally = judgeReads(files, read(files.map(({ path }) => path)));
  expect(tally).toMatchObject({ tried: 4, wrong: 1, failed: 1 });
  expect(tally.problems).toEqual(['./one: other bytes', expect.stringMatching(/^\.\/none: .*No such file/)]);
  expect(tally.longestSeconds).toBeLessThan(5);
});

test('what was not answered has failed', () => {
  const files = [
    { path: './one', hash: hashOf('one') },
    { path: './two', hash: hashOf('two') },
  ];
  expect(judgeReads(files, `1.00 3.25 ${hashOf('one')}  ./one\n`)).toMatchObject({
    tried: 2,
    wrong: 0,
    failed: 1,
    longestSeconds: 2.25,
    problems: ['./two: no answer'],
  });
  expect(judgeReads(files, '')).toMatchObject({ tried: 2, failed: 2 });
  expect(failedReads(files, 'it is off')).toMatchObject({ tried: 2, failed: 2, problems: ['it is off'] });
});

test('an answer for another file is none for this one', () => {
  const files = [{ path: './one', hash: hashOf('one') }];
  expect(judgeReads(files, `1.00 1.10 ${hashOf('one')}  ./two\n`)).toMatchObject({ wrong: 0, failed: 1 });
});

test('sums: counts are added, the longest is kept, problems are cut', () => {
  const bad = { ...NO_READS, tried: 4, wrong: 4, longestSeconds: 2, problems: ['a', 'b', 'c', 'd'] };
  const sum = addTallies(bad, { ...bad, longestSeconds: 7 });
  expect(sum).toMatchObject({ tried: 8, wrong: 8, longestSeconds: 7, problems: ['a', 'b', 'c', 'd', 'a'] });
});

test('files are chosen each once, out of names that the script can read', () => {
  const hash = hashOf('');
  const files = listFiles(`${hash}  ./plain\n${hash} *./binary\n\\${hash}  ./back\\\\slash\n${hash}  ./blank \n`);
  expect(files.map(({ path }) => path)).toEqual(['./plain', './binary']);
  const chosen = chooseFiles(files, 5, () => 0.99);
  expect(chosen.map(({ path }) => path).sort()).toEqual(['./binary', './plain']);
  expect(chooseFiles(files, 1, () => 0)).toEqual([files[0]]);
});
