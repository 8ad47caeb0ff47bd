import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { COMPARE_SCRIPT, judgeComparison, judgeErrors, judgeKernelLog, judgeMemory, judgeRoot } from './judgements.ts';

const folder = mkdtempSync(join(tmpdir(), 'viver-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the script that guests run, on a folder of this machine. */
function compare(name: string, files: Record<string, string>) {
  const tree = join(folder, name);
  mkdirSync(tree);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(tree, path), text);
  const script = COMPARE_SCRIPT.replace('/run/viver/image', tree);
  const { status, stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', join(folder, 'list')], { encoding: 'utf8' });
  return judgeComparison(status ?? 1, stdout, 2);
}

test('the comparison holds for equal trees and for nothing else', () => {
  // sha256 of "a\n" and "b\n"
  const list = [
    '87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  ./one',
    '0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f  ./two words',
  ];
  writeFileSync(join(folder, 'list'), `${list.join('\n')}\n`);
  expect(compare('same', { one: 'a\n', 'two words': 'b\n' })).toEqual({ ok: true, detail: '2 files are the same' });
  expect(compare('changed', { one: 'a\n', 'two words': 'B\n' }).detail).toContain('./two words: FAILED');
  expect(compare('missing', { one: 'a\n' }).ok).toBe(false);
  expect(compare('more', { one: 'a\n', 'two words': 'b\n', three: '' }).ok).toBe(false);
});

test('a comparison that did not run does not hold', () => {
  expect(judgeComparison(2, '', 0).ok).toBe(false);
  expect(judgeComparison(0, '', 0).ok).toBe(false);
});

test('roots: overlay over the field, overlay over the own medium, and neither', () => {
  const mounts = (root: string, image: string) =>
    `rootfs / rootfs rw 0 0\n${root} / ${root} rw 0 0\n${image} /run/viver/image squashfs ro 0 0\n`;
  expect(judgeRoot(mounts('overlay', '/dev/nbd0'), 'field').ok).toBe(true);
  expect(judgeRoot(mounts('overlay', '/dev/nbd0'), 'medium').ok).toBe(false);
  expect(judgeRoot(mounts('overlay', '/dev/loop0'), 'medium').ok).toBe(true);
  expect(judgeRoot(mounts('overlay', '/dev/loop0'), 'field').ok).toBe(false);
  expect(judgeRoot(mounts('ext4', '/dev/nbd0'), 'field').ok).toBe(false);
  expect(judgeRoot('', 'medium').ok).toBe(false);
});

test('errors are errors, and trouble of the root is found at any priority', () => {
  expect(judgeErrors([])).toEqual({ ok: true, detail: 'no errors' });
  expect(judgeErrors(['[ 1.0] viver kernel: viver: vfield: lost'])).toMatchObject({ ok: false });
  expect(judgeKernelLog(['[1] nbd0: p1', '[2] random: crng init done']).ok).toBe(true);
  expect(judgeKernelLog(['[9] block nbd0: Dead connection, failed to find a fallback']).ok).toBe(false);
  const stuck = (seconds: number) =>
    `[9] block nbd0: Possible stuck request 00000000c1: control (read@0,4096B). Runtime ${seconds} seconds`;
  expect([27, 30, 129].map((seconds) => judgeKernelLog([stuck(seconds)]).ok)).toEqual([true, false, false]);
  expect(judgeKernelLog(['[9] SQUASHFS error: Unable to read data cache entry']).ok).toBe(false);
  expect(judgeKernelLog(['[9] I/O error, dev nbd0, sector 8']).ok).toBe(false);
});

test('memory: the share is not counted against a node', () => {
  const meminfo = 'MemTotal:  1000000 kB\nMemAvailable:     614400 kB\n';
  expect(judgeMemory(meminfo, 50 * 2 ** 20, 650).ok).toBe(true);
  expect(judgeMemory(meminfo, 49 * 2 ** 20, 650)).toEqual({
    ok: false,
    detail:
      '600 MiB available + 49 MiB share = 649 MiB, 650 wanted (MemTotal 977, AnonPages NaN, Shmem NaN, Slab NaN, Unevictable NaN)',
  });
  expect(judgeMemory('', 2 ** 40, 650).ok).toBe(false);
});
