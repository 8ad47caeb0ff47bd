// What a medium is written to: a file that grows beside its final name, or a device that is checked before anything touches it.

import { constants } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { ViverError } from '../../src/errors.ts';
import { formatSize } from '../progress-bar.ts';

export interface DeviceFacts {
  readonly path: string;
  readonly name: string;
  readonly model: string;
  readonly sizeBytes: number;
  readonly removable: boolean;
  /** What uses the device or a partition of it: mount points, swap, `dm-0`. */
  readonly users: readonly string[];
}

export interface DeviceConsent {
  /** Also a drive that is built in. */
  readonly force: boolean;
  /** Do not ask. */
  readonly yes: boolean;
}

const SECTOR_BYTES = 512;

/** Facts of a block device; undefined when `path` is none (a file, or nothing yet). @throws ViverError KIT_NOT_A_DISK */
export async function deviceFacts(path: string): Promise<DeviceFacts | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isBlockDevice() && !there.isFile() && !there.isDirectory()) {
    throw new ViverError('KIT_NOT_A_DISK', `${path} is neither a file nor a disk`);
  }
  if (!there?.isBlockDevice()) return undefined;
  const name = basename(await realpath(path));
  const sysfs = `/sys/class/block/${name}`;
  if (await readFile(`${sysfs}/partition`, 'utf8').catch(() => undefined)) {
    throw new ViverError('KIT_NOT_A_DISK', `${path} is a partition; a boot medium takes the whole drive`);
  }
  const attribute = async (attributeName: string) =>
    (await readFile(`${sysfs}/${attributeName}`, 'utf8').catch(() => '')).trim();
  return {
    path,
    name,
    model:
      [await attribute('device/vendor'), await attribute('device/model')].filter(Boolean).join(' ') || 'unknown model',
    sizeBytes: Number(await attribute('size')) * SECTOR_BYTES,
    removable: (await attribute('removable')) === '1' || (await realpath(sysfs)).includes('/usb'),
    users: await usersOf(name),
  };
}

/** Why a device must not be written to; undefined when it may. Pure. */
export function refuseDevice(facts: DeviceFacts, consent: DeviceConsent): string | undefined {
  if (facts.users.length > 0) return `${facts.path} is in use: ${facts.users.join(', ')}`;
  if (facts.sizeBytes === 0) return `${facts.path} has no medium in it`;
  if (!facts.removable && !consent.force) {
    return `${facts.path} (${facts.model}, ${formatSize(facts.sizeBytes)}) is built in, not removable; --force takes it all the same`;
  }
  return undefined;
}

/** Refuses what is in use, asks the person. @throws ViverError KIT_TARGET_REFUSED, KIT_NOT_CONFIRMED */
export async function confirmDevice(facts: DeviceFacts, consent: DeviceConsent): Promise<void> {
  const refusal = refuseDevice(facts, consent);
  if (refusal) throw new ViverError('KIT_TARGET_REFUSED', refusal);
  const question = `Everything on ${facts.path} (${facts.model}, ${formatSize(facts.sizeBytes)}) will be lost.`;
  if (consent.yes) {
    process.stderr.write(`${question}\n`);
    return;
  }
  if (!process.stdin.isTTY) {
    throw new ViverError('KIT_NOT_CONFIRMED', `${question} Nobody is here to confirm it: give --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} Write to it? Type yes: `);
    if (answer.trim() !== 'yes') throw new ViverError('KIT_NOT_CONFIRMED', 'nothing was written');
  } finally {
    terminal.close();
  }
}

/** Asks the kernel itself whether somebody holds a device (O_EXCL on a block device, open(2)). @throws ViverError KIT_TARGET_REFUSED */
export async function checkUnused(path: string): Promise<void> {
  try {
    const file = await open(path, constants.O_RDWR | constants.O_EXCL);
    await file.close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EBUSY') throw cause;
    throw new ViverError('KIT_TARGET_REFUSED', `${path} is in use`, { cause });
  }
}

async function usersOf(name: string): Promise<string[]> {
  const devices = [name, ...(await partitionsOf(name))];
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')).split('\n');
  const swaps = await readFile('/proc/swaps', 'utf8').catch(() => '');
  const users: string[] = [];
  for (const device of devices) {
    const number = (await readFile(`/sys/class/block/${device}/dev`, 'utf8').catch(() => '')).trim();
    const mounted = mounts.map((line) => line.split(' ')).filter((fields) => number && fields[2] === number);
    users.push(...mounted.map((fields) => `${device} is mounted at ${fields[4]}`));
    if (swaps.split(/\s/).includes(`/dev/${device}`)) users.push(`${device} is swap space`);
    const holders = await readdir(`/sys/class/block/${device}/holders`).catch(() => []);
    users.push(...holders.map((holder) => `${device} belongs to ${holder}`));
  }
  return [...users, ...(await loopsOver(devices))];
}

/** Loop devices on top of a drive hold it no less than mounts, but the kernel lists them in no `holders`. */
async function loopsOver(devices: readonly string[]): Promise<string[]> {
  const users: string[] = [];
  for (const loop of await readdir('/sys/class/block')) {
    const backing = await readFile(`/sys/class/block/${loop}/loop/backing_file`, 'utf8').catch(() => '');
    const under = devices.find((device) => backing.trim() === `/dev/${device}`);
    if (under) users.push(`${under} is behind ${loop}`);
  }
  return users;
}

async function partitionsOf(name: string): Promise<string[]> {
  const entries = await readdir(`/sys/class/block/${name}`).catch(() => []);
  return entries.filter((entry) => entry.startsWith(name));
}
