// libnbd's source package of this Debian, by apt's own means: checked by the archive's key, kept under out/ between runs. The machine's own sources stay as they are.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const KEPT = resolve('out/libnbd-source');
const FETCH_MS = 300_000;

/** Copies the unpacked source into `folder` and makes it ready to be compiled. @returns Its version. */
export function unpackLibnbd(folder: string): string {
  const [archive] = archives();
  execFileSync('tar', ['-xf', join(KEPT, archive ?? fetchArchive()), '-C', folder, '--strip-components=1']);
  const functions = readFileSync(join(folder, 'tests/functions.sh.in'), 'utf8');
  writeFileSync(join(folder, 'tests/functions.sh'), functions.replaceAll('@abs_top_srcdir@', folder));
  writeFileSync(join(folder, 'config.h'), '#define HAVE_BE32TOH 1\n');
  mkdirSync(join(folder, 'bin'));
  cpSync(join(folder, 'tests/eflags-plugin.sh'), join(folder, 'bin/eflags-plugin.sh'));
  return /AC_INIT\(\[libnbd\],\[([\d.]+)\]/.exec(readFileSync(join(folder, 'configure.ac'), 'utf8'))![1]!;
}

function archives(): string[] {
  return existsSync(KEPT) ? readdirSync(KEPT).filter((name) => /\.orig\.tar\.[a-z]+$/.test(name)) : [];
}

function fetchArchive(): string {
  const state = join(KEPT, 'apt');
  mkdirSync(join(state, 'lists/partial'), { recursive: true });
  mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(state, 'sources.list'), sourceLines());
  const lines = [
    `Dir::Etc::sourcelist "${state}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${state}/lists";`,
  ];
  writeFileSync(
    join(state, 'apt.conf'),
    [...lines, `Dir::Cache "${state}/cache";`, 'APT::Sandbox::User "root";', ''].join('\n'),
  );
  const options = {
    cwd: KEPT,
    env: { ...process.env, APT_CONFIG: join(state, 'apt.conf') },
    timeout: FETCH_MS,
  } as const;
  execFileSync('apt-get', ['update', '-q'], { ...options, stdio: 'pipe' });
  execFileSync('apt-get', ['source', '-q', '--download-only', 'libnbd'], { ...options, stdio: 'pipe' });
  return archives()[0]!;
}

/** The machine's own mirrors of Debian, for sources. apt names them only while it has their lists: where these were cleared away, they are fetched again. */
function sourceLines(): string {
  let targets = indexTargets();
  if (targets.length === 0) {
    execFileSync('apt-get', ['update', '-q'], { timeout: FETCH_MS, stdio: 'pipe' });
    targets = indexTargets();
  }
  if (targets.length === 0) throw new Error('apt knows no mirror of Debian: is /etc/apt/sources.list in order?');
  return `${[...new Set(targets)].map((target) => `deb-src ${target}`).join('\n')}\n`;
}

function indexTargets(): string[] {
  const which = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages', 'Origin: Debian'];
  const output = execFileSync('apt-get', ['indextargets', ...which], { encoding: 'utf8' });
  return output.split('\n').filter((line) => line !== '');
}
