import { expect, test } from 'vitest';
import { chooseMountWay, type MountMeans } from './way.ts';

const ALL: MountMeans = { isRoot: true, squashfs: true, kernelNbd: true, nbdfuse: true, fuse: true, loop: true };

test("the kernel's nbd comes first, nbdfuse when it is not there", () => {
  expect(chooseMountWay(ALL)).toMatchObject({ way: 'kernel' });
  expect(chooseMountWay({ ...ALL, nbdfuse: false, fuse: false, loop: false })).toMatchObject({ way: 'kernel' });
  expect(chooseMountWay({ ...ALL, kernelNbd: false })).toMatchObject({ way: 'fuse' });
});

test.each([
  [{ isRoot: false }, ['root rights']],
  [{ isRoot: false, squashfs: false }, ['root rights', 'squashfs']],
  [{ kernelNbd: false, nbdfuse: false }, ['modprobe nbd', 'nbdfuse']],
  [{ kernelNbd: false, loop: false, fuse: false }, ['modprobe nbd', '/dev/fuse', 'loop devices']],
])('%j: what is missing is said', (lacks, words) => {
  const choice = chooseMountWay({ ...ALL, ...lacks });
  expect(choice.way).toBeUndefined();
  for (const word of words) expect('missing' in choice && choice.missing.join('; ')).toContain(word);
});
