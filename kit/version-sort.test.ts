import { expect, test } from 'vitest';
import { compareReleases } from './version-sort.ts';

test('numbers count by value, a tilde comes before anything', () => {
  const sorted = ['5.10.0', '6.1.0-9-amd64', '6.1.0-56-amd64', '6.2~rc1', '6.2', '6.12.3-arch1-1'];
  expect(sorted.toReversed().sort(compareReleases)).toEqual(sorted);
});
