// Two network namespaces joined by a cable: one for the crowd, one for the member that is measured. Needs root and iproute2.

import { execFileSync } from 'node:child_process';

// Two runs beside each other do not meet.
const CROWD = `vbench-crowd-${process.pid}`;
const SINGLE = `vbench-single-${process.pid}`;
export type Side = 'crowd' | 'single';
const nameOf = (side: Side): string => (side === 'crowd' ? CROWD : SINGLE);

/** The address of the crowd's node `at`, from 0. */
export const crowdAddress = (at: number): string => `10.77.${1 + (at >> 7)}.${1 + (at & 127)}`;
/** The measured member has one of several addresses, a new one for each start if wanted. */
export const singleAddress = (at: number): string => `10.77.100.${1 + at}`;

export function makeNetwork(crowd: number): void {
  removeNetwork();
  const ip = (...args: string[]) => execFileSync('ip', args);
  for (const side of [CROWD, SINGLE]) {
    ip('netns', 'add', side);
    ip('-n', side, 'link', 'set', 'lo', 'up');
  }
  ip('-n', CROWD, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', SINGLE);
  for (const side of [CROWD, SINGLE]) ip('-n', side, 'link', 'set', 'cable', 'up');
  const addresses = Array.from({ length: crowd }, (_, at) => `address add ${crowdAddress(at)}/16 dev cable`);
  execFileSync('ip', ['-n', CROWD, '-batch', '-'], { input: `${addresses.join('\n')}\n` });
  for (let at = 0; at < 8; at++) ip('-n', SINGLE, 'address', 'add', `${singleAddress(at)}/16`, 'dev', 'cable');
}

export function removeNetwork(): void {
  for (const side of [CROWD, SINGLE]) {
    try {
      execFileSync('ip', ['netns', 'delete', side], { stdio: 'ignore' });
    } catch {
      // It was not there.
    }
  }
}

/** The plug of the measured member. */
export function setCable(up: boolean): void {
  execFileSync('ip', ['-n', SINGLE, 'link', 'set', 'cable', up ? 'up' : 'down']);
}

/** Bytes that the measured member's cable has carried, both ways, Ethernet headers among them. */
export function cableBytes(): number {
  const text = execFileSync('ip', ['netns', 'exec', SINGLE, 'cat', '/proc/net/dev'], { encoding: 'utf8' });
  const fields = /cable:\s*(.*)/.exec(text)![1]!.trim().split(/\s+/).map(Number);
  return fields[0]! + fields[8]!;
}

export const inside = (side: Side): readonly string[] => ['netns', 'exec', nameOf(side)];

/** Runs a program in the namespace to its end. */
export function runInside(side: Side, command: readonly string[]): string {
  return execFileSync('ip', [...inside(side), ...command], { encoding: 'utf8' });
}
