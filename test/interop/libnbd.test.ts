// libnbd's own tests, as its source package has them, against our server, which stands in for nbdkit (libnbd/stand-in.ts); and what its left-out tests ask of a
// server, by libnbd's Python module. libnbd/applicable.ts says which are left out and why. Needs the network once, for the source.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { LEFT_OUT, PROGRAMS, SCRIPTS } from './libnbd/applicable.ts';
import { unpackLibnbd } from './libnbd/source.ts';

const HERE = join(import.meta.dirname, 'libnbd');
const folder = mkdtempSync(join(tmpdir(), 'viver-libnbd-'));
afterAll(() => rmSync(folder, { recursive: true }));
const version = unpackLibnbd(folder);
const standIn = join(folder, 'bin/nbdkit');
const node = `exec '${process.execPath}' --disable-warning=ExperimentalWarning`;
writeFileSync(standIn, `#!/bin/sh\n${node} '${join(HERE, 'stand-in.ts')}' "$@"\n`);
chmodSync(standIn, 0o755);

function run(program: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  const env = {
    PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    srcdir: '.',
    abs_top_srcdir: folder,
    EXPECTED_VERSION: version,
    PYTHON: '/usr/bin/python3',
  };
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
}

/** Status 0; what it printed, when it is another one. 77 is "skipped" there, which is no pass here. */
function expectPassed({ status, stdout, stderr }: SpawnSyncReturns<string>): void {
  expect(status, `${stdout.slice(-2000)}${stderr.slice(-3000)}`).toBe(0);
}

describe('compiled', () => {
  test.each(PROGRAMS)('%s', (entry) => {
    const [name, macros = ''] = entry.split(': ') as [string, string?];
    const tests = join(folder, 'tests');
    const source = readFileSync(join(folder, `${name}.c`), 'utf8');
    const helpers = ['requires', 'pick-a-port']
      .filter((helper) => source.includes(helper))
      .map((helper) => `${helper}.c`);
    if (helpers.includes('pick-a-port.c')) helpers.push('requires.c');
    const defined = macros
      .split(' ')
      .filter(Boolean)
      .map((macro) => `-D${macro}`);
    const program = join(folder, 'bin', basename(name));
    const files = [`${basename(name)}.c`, ...new Set(helpers)];
    expectPassed(
      run('gcc', ['-w', '-I..', '-I../common/include', ...defined, '-o', program, ...files, '-lnbd'], tests),
    );
    expectPassed(run(program, [], tests));
  });
});

test.each(SCRIPTS)('%s', (path) => {
  const shell = path.endsWith('.py') ? '/usr/bin/python3' : 'bash';
  const cwd = path.startsWith('python/') ? join(folder, 'python') : join(folder, dirname(path));
  expectPassed(run(shell, [join(folder, path)], cwd));
});

test('every test of the package that starts a server is run, or left out for a reason', () => {
  const found = ['tests/*.c', 'tests/*.sh', 'python/t/*.py', '{copy,info,sh}/*.sh']
    .flatMap((pattern) => globSync(pattern, { cwd: folder }))
    .filter((path) => /nbdkit|qemu-nbd/.test(readFileSync(join(folder, path), 'utf8')))
    .map((path) => path.replace(/^(tests\/.*)\.(c|sh)$/, '$1'));
  const known = [...PROGRAMS.map((entry) => entry.split(':')[0]!), ...SCRIPTS, ...Object.values(LEFT_OUT).flat()];
  const notATest = [
    'tests/eflags-plugin',
    'tests/functions',
    'tests/opt-info',
    'tests/opt-list',
    'tests/make-pki',
    'tests/requires',
  ];
  expect([...new Set(found)].filter((path) => !known.includes(path) && !notATest.includes(path))).toEqual([]);
  expect(known.filter((path) => !found.includes(path))).toEqual([]);
});

test('what the left-out tests ask of a server', () => {
  expectPassed(run('/usr/bin/python3', [join(HERE, 'questions.py'), standIn], folder));
});
