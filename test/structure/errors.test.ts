// docs/errors.md lists every error code that is thrown, and no other.
// The rule that makes this checkable: a code stands whole in the source, as a literal, also where a factory makes the error of it.

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Texts of the same form that are no codes of ours: the platform's own names. */
const NOT_OURS = new Set(['ERR_FS_FILE_TOO_LARGE', 'SO_RCVTIMEO', 'TLS_AES_128_GCM_SHA256']);
/** A factory's parameter, a field that keeps it, and an error that comes from another thread. */
const CARRIED = ['code', 'this.#code', 'error.code'];

const sources = globSync('{build,initrd,kit,lab,src}/**/*.ts')
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

const matches = (pattern: RegExp) =>
  sources.flatMap(({ file, text }) => [...text.matchAll(pattern)].map((match) => ({ file, found: match[1]! })));
const thrown = new Set(
  matches(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g).flatMap(({ found }) => (NOT_OURS.has(found) ? [] : [found])),
);
const rooms = new Set([...thrown].map((code) => code.split('_', 1)[0]));
const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, code]) => code!);

test('there is something to check', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(thrown.size).toBeGreaterThan(100);
});

test('an error is made with a whole code, never with a composed one', () => {
  const composed = matches(/new ViverError\(\s*([^,\n]+)/g).filter(
    ({ found }) => !/^'[A-Z][A-Z0-9]*(_[A-Z0-9]+)+'$/.test(found) && !CARRIED.includes(found),
  );
  expect(composed).toEqual([]);
});

test('every code that is thrown is listed', () => {
  expect([...thrown].filter((code) => !rows.includes(code))).toEqual([]);
});

test('every code that is listed is thrown, and listed once', () => {
  expect(rows.filter((code) => !thrown.has(code))).toEqual([]);
  expect(rows.filter((code, index) => rows.indexOf(code) !== index)).toEqual([]);
});

test('a doc comment names codes that exist', () => {
  const named = matches(/@throws ViverError ([^\n]*)/g).flatMap(({ file, found }) =>
    [...found.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([code]) => ({ file, code })),
  );
  const isRoom = (code: string) => rooms.has(code.split('_', 1)[0]!);
  expect(named.filter(({ code }) => isRoom(code) && !thrown.has(code))).toEqual([]);
});
