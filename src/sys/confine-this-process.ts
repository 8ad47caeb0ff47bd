// What a confined process (confined-process.ts) does to itself before it runs code that it does not know.

import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { endWithParent, limitData, refuseCoreDumps } from './libc.ts';

/** The first that the kernel's out-of-memory killer takes (proc_pid_oom_score_adj(5)). */
const KILL_FIRST = '1000';

/**
 * Sets this process's limits; it can't lift them by accident. All memory that it may come to write to counts, heap, byte arrays and stacks alike,
 * from the moment it is asked for: what is above is refused by the kernel, at once and whatever the rest of the machine does.
 * @param moreBytes On top of what the process has now.
 */
export function confineThisProcess(moreBytes: number): void {
  endWithParent();
  refuseCoreDumps();
  writeFileSync('/proc/self/oom_score_adj', KILL_FIRST);
  limitData(dataBytes() + moreBytes);
}

/** Above 0: what this process computes comes after what the machine's user does (setpriority(2)). */
const NICENESS = 5;

/** From now on the others go first. */
export function standBack(): void {
  setPriority(NICENESS);
}

/** What RLIMIT_DATA counts. Most of a fresh Node is room that V8 keeps for compiled code and does not use. */
function dataBytes(): number {
  return Number(/^VmData:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
}
