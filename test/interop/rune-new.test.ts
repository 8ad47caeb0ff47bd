// `viver-kit rune new`: what it makes passes its own test, the compiler and `viver runes check`, in a folder that has nothing installed.

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const KIT = join(import.meta.dirname, '../..');

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-rune-new-'));
});
afterAll(() => rm(place, { recursive: true }));

function run(program: string, ...words: string[]) {
  const directory = join(place, 'tree/etc/RUNES/runes');
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: directory, encoding: 'utf8', timeout: 100_000 });
  return { status, stdout, stderr };
}
const kit = (...words: string[]) => run(join(KIT, 'bin/viver-kit'), 'rune', ...words);
const viver = (...words: string[]) => run(join(KIT, 'bin/viver'), 'runes', ...words);

test('both stages, side by side', async () => {
  await mkdir(join(place, 'tree/etc/RUNES/runes'), { recursive: true });
  await writeFile(join(place, 'tree/etc/RUNES/roles'), 'lab: @node two-words greeter\n');
  expect(kit('new', 'two-words').stdout).toBe('two-words.ts\ntwo-words.test.ts\ntsconfig.json\n');
  expect(kit('new', 'greeter', '--stage', 'serve').stdout).toBe('greeter.ts\ngreeter.test.ts\n');
  const tested = kit('test');
  expect(tested.stdout).toContain('pass 2');
  expect(tested.status).toBe(0);
  const types = run(process.execPath, join(KIT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
  expect(types).toMatchObject({ stdout: '', status: 0 });
  expect(viver('check', '--root', '../../..')).toMatchObject({ status: 0 });
  expect(viver('run', 'two-words.ts', '--root', '../../..').stdout).toContain('+server = server.example.org\n');
});

test('a test that fails is seen', async () => {
  const file = join(place, 'tree/etc/RUNES/runes/two-words.test.ts');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace("'server = here", "'server = there"));
  const { status, stdout } = kit('test', 'two-words.test.ts');
  expect(status).toBe(1);
  expect(stdout).toContain('fail 1');
});

test('a name that a built-in rune has is said', () => {
  const { stdout, stderr, status } = kit('new', 'fstab', '--directory', 'other');
  expect({ stdout, stderr, status }).toEqual({
    stdout: 'other/fstab.ts\nother/fstab.test.ts\nother/tsconfig.json\n',
    stderr: 'note: it takes the place of the built-in rune fstab\n',
    status: 0,
  });
});

test.each([
  [['new', 'Two Words'], "viver-kit: rune name 'Two Words' is not lower-case words joined by '-'\n"],
  [['new', 'greeter'], 'viver-kit: greeter.ts is there already\n'],
])('%j is refused', (words, line) => {
  expect(kit(...words)).toMatchObject({ status: 1, stderr: line });
});
