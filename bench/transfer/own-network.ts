// A network namespace of the benchmark's own: loopback only, nobody else's traffic on it. Needs root and iproute2.

import { execFileSync, spawnSync } from 'node:child_process';
import { HOST, RECEIVER_HOST } from './way.ts';

const INSIDE = 'VIVER_BENCH_OWN_NETWORK';

/** Starts this program anew in a namespace, where the call returns; outside it does not. */
export function enterOwnNetwork(): void {
  if (process.env[INSIDE]) {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    for (const host of [HOST, RECEIVER_HOST]) execFileSync('ip', ['address', 'add', `${host}/32`, 'dev', 'lo']);
    return;
  }
  const { status } = spawnSync('unshare', ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [INSIDE]: '1' },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
