// The watcher of the initrd (initrd/watch.sh) as busybox's shell runs it, in a root of its own. In Node's place stands a small program that does
// what the test wants. Needs root (chroot) and busybox-static.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Takes its next deed off the plan, and notes what it was started as. */
const PROGRAM = `#!/bin/busybox sh
echo "\${3##*/}" >>/calls
read -r deed </plan
busybox sed -i 1d /plan
eval "$deed"
`;

let root: string;
let watcher: ChildProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viver-watcher-'));
  for (const folder of ['@viver', 'bin', 'app/initrd', 'run', 'proc', 'dev'])
    await mkdir(join(root, folder), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  await symlink('../bin/busybox', join(root, '@viver/busybox'));
  await writeFile(join(root, 'bin/program'), PROGRAM);
  await chmod(join(root, 'bin/program'), 0o755);
  await symlink('../bin/program', join(root, '@viver/node'));
  await copyFile(new URL('../../initrd/watch.sh', import.meta.url), join(root, 'app/initrd/watch.sh'));
  await writeFile(join(root, 'proc/uptime'), '100.25 80.00\n');
  for (const name of ['dev/kmsg', 'dev/null', 'calls']) await writeFile(join(root, name), '');
  execFileSync('mkfifo', [join(root, 'run/go')]);
});

afterEach(async () => {
  if (watcher?.exitCode === null) watcher.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

function start(): ChildProcess {
  const env = { PATH: '/bin' };
  watcher = spawn('/usr/sbin/chroot', [root, '@viver/busybox', 'sh', '/app/initrd/watch.sh'], {
    env,
    stdio: 'ignore',
  });
  return watcher;
}

/** Lets the program do these deeds, one after the other, and returns what the watcher did. */
async function watch(deeds: readonly string[]): Promise<{ calls: string[]; kernelLog: string[] }> {
  await writeFile(join(root, 'plan'), deeds.map((deed) => `${deed}\n`).join(''));
  await once(start(), 'exit');
  return { calls: await linesOf('calls'), kernelLog: await linesOf('dev/kmsg') };
}

async function linesOf(name: string): Promise<string[]> {
  return (await readFile(join(root, name), 'utf8')).split('\n').filter((line) => line !== '');
}

/** Holds the pipe open as the shim does; `told` settles with the line that comes through it. */
async function shim(): Promise<{ told: Promise<string | undefined> }> {
  const reader = spawn('sh', ['-c', 'exec 3<>"$0"; echo open; read -r line <&3; echo "$line"', join(root, 'run/go')]);
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return { told: lines.next().then(({ value }) => value) };
}

test('an end before anything is served goes to the shim, and nothing is started again', async () => {
  const { told } = await shim();
  expect(await watch(['exit 3'])).toEqual({ calls: ['init.js'], kernelLog: [] });
  expect(await told).toBe('ended with status 3');
});

test('an end on a running machine is followed by a new start, later and later while it ends at once', async () => {
  const record = join('/run', 'serving.json');
  const { calls, kernelLog } = await watch([
    `echo '{}' >${record}; kill -KILL $$`,
    'exit 1',
    'kill -SEGV $$',
    'echo 200.5 0 >/proc/uptime; exit 7',
    `rm ${record}`,
  ]);
  expect(calls).toEqual(['init.js', 'resume.js', 'resume.js', 'resume.js', 'resume.js']);
  const line = (end: string, pause: number) =>
    `<3>viver: the serving process ended ${end}; it is started again in ${pause} s`;
  expect(kernelLog).toEqual([
    line('by signal 9', 0),
    line('with status 1', 1),
    line('by signal 11', 3),
    line('with status 7', 0),
  ]);
});

test("its name and its program's begin with @, and a polite end is passed over", async () => {
  await writeFile(join(root, 'plan'), 'trap "" TERM; echo here >/dev/kmsg; while :; do busybox sleep 0.1; done\n');
  const { pid } = start();
  while ((await linesOf('dev/kmsg')).length === 0) await delay(50);
  const commandLine = (id: number) => readFile(`/proc/${id}/cmdline`, 'utf8').then((text) => text.split('\0'));
  const [program] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
  expect((await commandLine(pid!))[0]).toBe('@viver/busybox');
  // A script's own name is its second word; Node, being no script, has it as its first.
  expect(await commandLine(program!)).toContain('@viver/node');
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.kill(pid!, signal);
  await delay(300);
  expect(watcher?.exitCode).toBe(null);
  process.kill(program!, 'SIGKILL');
  await once(watcher!, 'exit');
  expect(watcher?.signalCode).toBe(null);
});
