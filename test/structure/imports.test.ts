// The edges of the architecture: who may import whom (docs/architecture.md).

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync('{build,initrd,kit,lab,sim,src}/**/*.ts').filter((file) => !file.endsWith('.test.ts'));
const imports: Import[] = files.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, to]) => ({
    from,
    to: to!.startsWith('.') ? normalize(join(dirname(from), to!)) : to!,
  })),
);
const offending = (wrong: (edge: Import) => boolean) => imports.filter(wrong).map(({ from, to }) => `${from} -> ${to}`);

test('there is something to check', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(100);
});

test('src imports neither the kit, the build, the lab, the simulator nor the initrd', () => {
  expect(offending(({ from, to }) => from.startsWith('src/') && /^(kit|build|lab|sim|initrd)\//.test(to))).toEqual([]);
});

test('the initrd imports src only', () => {
  expect(offending(({ from, to }) => from.startsWith('initrd/') && /^(kit|build|lab|sim)\//.test(to))).toEqual([]);
});

test('only src/sys uses the foreign function interface', () => {
  expect(offending(({ from, to }) => to === 'node:ffi' && !from.startsWith('src/sys/'))).toEqual([]);
});

test('src/wire is pure', () => {
  expect(offending(({ from, to }) => from.startsWith('src/wire/') && to.startsWith('node:'))).toEqual([]);
});

test('hwdetect, images and everything that decodes or decides touches the system through Sys alone', () => {
  const pure =
    /^src\/(hwdetect|images)\/|\/(decide|packet|messages|protocol|placement|merkle|magnet|metainfo|score|plan)\.ts$/;
  expect(offending(({ from, to }) => pure.test(from) && to.startsWith('node:'))).toEqual([]);
});

test('runes reach each other only by messages', () => {
  const builtin = /^src\/runes\/builtin\//;
  const runes = new Set(files.filter((file) => builtin.test(file) && /defineRune\(/.test(readFileSync(file, 'utf8'))));
  expect(offending(({ from, to }) => runes.has(from) && runes.has(to))).toEqual([]);
});
