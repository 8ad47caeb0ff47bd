// What systemd does to all processes at shutdown, done to a process as the initrd's.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';

const PROGRAM = new URL('../programs/storage-daemon.ts', import.meta.url).pathname;
let daemon: ChildProcess | undefined;

afterEach(() => daemon?.kill('SIGKILL'));

const stateOf = async (pid: number) => /^State:\t(\S)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];

test('its name is spared, and stopped by a signal it goes on', async () => {
  daemon = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid, stdout } = daemon as { pid: number; stdout: NonNullable<ChildProcess['stdout']> };
  await once(stdout, 'data');
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^@/);
  for (let stops = 0; stops < 3; stops++) {
    process.kill(pid, 'SIGSTOP');
    stdout.read(); // what was said before
    await once(stdout, 'data');
    await once(stdout, 'data');
    expect(await stateOf(pid)).not.toBe('T');
  }
});
