// For the tests of viver-kit: a Linux tree of a few small files with all that is easily lost on the way into an image, and the program.

import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const KIT = join(import.meta.dirname, '../../bin/viver-kit');
export const TREE_KERNEL = '6.1.0-1-test';

/** Files whose content must not be in an image, by path. */
export const LEFT_OUT = [
  'proc/cpuinfo',
  'sys/kernel',
  'dev/null-as-a-file',
  'run/lock',
  'tmp/.X11-unix',
  'var/tmp/big',
  'var/cache/apt/archives/bash.deb',
  'lost+found/1',
  'swapfile',
  'data/swap here',
  'srv/other.viver',
];

/** Makes the tree below `root`. All times are the same, in the past. */
export function makeTree(root: string): void {
  const put = (path: string, content: string | Buffer, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  put('usr/lib/os-release', 'PRETTY_NAME="Test Linux"\n');
  put('usr/lib/systemd/systemd', '#!/bin/sh\n', 0o755);
  put('usr/sbin/suid', 'x', 0o4755);
  put('usr/share/two', 'the same inode');
  put('usr/share/ünïcode näme', 'text');
  put('etc/fstab', '/data/swap\\040here none swap sw 0 0\n');
  put(`boot/vmlinuz-${TREE_KERNEL}`, Buffer.alloc(50_000, 'kernel '));
  put(`usr/lib/modules/${TREE_KERNEL}/modules.dep`, '');
  put('home/user/file', 'mine');
  put('opt/noise', noise(300_000));
  for (const path of LEFT_OUT) put(path, 'not for the image');
  linkSync(join(root, 'usr/share/two'), join(root, 'usr/share/one'));
  symlinkSync('/lib/systemd/systemd', join(root, 'usr/sbin/init'));
  for (const name of ['lib', 'sbin']) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
  utimesSync(join(root, 'opt/noise'), 1_600_000_000, 1_600_000_000);
}

/** Bytes that nothing compresses, always the same (xorshift32). */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** Runs viver-kit to its end. */
export function kit(args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}) {
  return spawnSync(KIT, args, { encoding: 'utf8', env: { ...process.env, ...options.env }, timeout: 120_000 });
}

/** Runs viver-kit without root's right to read everybody's files. Not as another user: he may not reach a checkout in root's home. */
export function kitWithoutOverride(args: readonly string[]) {
  const capabilities = '-dac_override,-dac_read_search';
  return spawnSync('setpriv', ['--bounding-set', capabilities, KIT, ...args], { encoding: 'utf8', timeout: 120_000 });
}

/** Starts viver-kit. */
export function startKit(args: readonly string[], options: SpawnOptions = {}) {
  return spawn(KIT, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** Runs another program; throws with what it said when it fails. */
export function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}\n${stderr}`}`);
  return stdout;
}
