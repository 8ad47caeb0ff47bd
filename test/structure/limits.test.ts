// docs/limits.md has every named limit, with the file it stands in, and none that is gone.

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const inSources = globSync('{build,initrd,kit,lab,src}/**/*.ts')
  .filter((file) => !file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^(?:export )?const (MAX_[A-Z0-9_]+)\b/gm)].map(
      ([, name]) => `${name} in ${file}`,
    ),
  );
const inPage = [...readFileSync('docs/limits.md', 'utf8').matchAll(/^\| `(MAX_[A-Z0-9_]+)` \| `([^`]+)` \|/gm)].map(
  ([, name, file]) => `${name} in ${file}`,
);

test('there is something to check', () => {
  expect(inSources.length).toBeGreaterThan(50);
});

test('every named limit is in docs/limits.md, and the other way round', () => {
  expect(inPage.toSorted()).toEqual(inSources.toSorted());
});
