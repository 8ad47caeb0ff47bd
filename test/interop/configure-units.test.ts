// What the configure runes write, read by systemd itself (Debian package systemd): the lines of fstab by its generator, the units by systemd-analyze.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { display } from '../../src/runes/builtin/configure/display/display.ts';
import { fstab } from '../../src/runes/builtin/configure/fstab.ts';
import { home } from '../../src/runes/builtin/configure/home.ts';
import { hooks } from '../../src/runes/builtin/configure/hooks.ts';
import { zramSwap } from '../../src/runes/builtin/configure/zram-swap.ts';
import type { DriveFacts } from '../../src/runes/contract/facts.ts';
import { type ConfiguredRoot, openConfiguredRoot } from '../../src/runes/testing/configured-root.ts';
import { sampleFacts } from '../../src/runes/testing/room.ts';
import { run } from './kit-tree.ts';

const GENERATOR = '/lib/systemd/system-generators/systemd-fstab-generator';
const MODULE = `lib/modules/${sampleFacts.kernelRelease}/kernel/drivers/block/zram/zram.ko`;
const PROGRAMS = ['usr/sbin/zramctl', 'usr/sbin/swapon', 'usr/sbin/mkswap', 'usr/sbin/modprobe', 'usr/sbin/mount.nfs'];

let root: ConfiguredRoot;
let folder: string;
beforeEach(async () => {
  const there = ['etc/systemd/system.conf', MODULE, ...PROGRAMS].map((path) => [path, '']);
  root = await openConfiguredRoot({ ...Object.fromEntries(there), 'etc/fstab': 'UUID=1 / ext4 defaults 0 1\n' });
  folder = mkdtempSync(join(tmpdir(), 'viver-units-'));
});
afterEach(async () => {
  await root.remove();
  rmSync(folder, { recursive: true });
});

test('fstab: nothing that a boot would wait for', async () => {
  const disk = { sizeBytes: 2 ** 30, readOnly: false, removable: false, transport: 'sata' };
  const drives: DriveFacts[] = [{ ...disk, device: '/dev/sda2', type: 'ext4', label: 'viver-tmp' }];
  await root.run(fstab, { facts: { drives } });
  await root.run(home, { settings: { from: 'nfs://10.77.0.1/srv/home' } });
  const environment = { ...process.env, SYSTEMD_FSTAB: join(root.path, 'etc/fstab') };
  const made = ['normal', 'early', 'late'].map((name) => join(folder, name));
  for (const directory of made) mkdirSync(directory);
  execFileSync(GENERATOR, made, { env: environment, stdio: 'ignore' });
  const [units = ''] = made;
  expect(readdirSync(join(units, 'local-fs.target.requires'))).toEqual(['-.mount']);
  expect(readdirSync(join(units, 'local-fs.target.wants'))).toContain('scratch.mount');
  expect(readdirSync(join(units, 'remote-fs.target.wants'))).toEqual(['home.automount']);
  expect(readFileSync(join(units, 'home.mount'), 'utf8')).toMatch(
    /What=10\.77\.0\.1:\/srv\/home\n[\s\S]*TimeoutSec=30s\n/,
  );
  expect(readFileSync(join(units, 'scratch.mount'), 'utf8')).not.toMatch(/Before=local-fs\.target/);
});

test('the units are understood whole', async () => {
  const list = () => ({ configure: [], serve: [{ name: '10-up', origin: 'x', text: '#!/bin/sh\n' }], faults: [] });
  await root.run(zramSwap, { facts: { ramBytes: 2 ** 30 } });
  await root.run(display, { settings: { mode: '1280x1024' } });
  await root.run(hooks, { services: { hooks: { list } } });
  const system = join(root.path, 'etc/systemd/system');
  const names = readdirSync(system).filter((name) => name.endsWith('.service'));
  expect(names).toEqual(['viver-edid.service', 'viver-hook-10-up.service', 'viver-zram-swap.service']);
  for (const name of names) {
    const text = readFileSync(join(system, name), 'utf8');
    writeFileSync(join(folder, name), text.replaceAll('/usr/local/lib/viver', join(root.path, 'usr/local/lib/viver')));
    expect(run('systemd-analyze', 'verify', join(folder, name))).toBe('');
  }
});

test('the scripts are understood by sh, and the monitor is written byte by byte', async () => {
  await root.run(display, { settings: { mode: '1280x1024' } });
  const script = (await root.text('usr/local/lib/viver/load-edid'))
    .replaceAll('/lib/firmware', folder)
    .replaceAll('/sys/', `${folder}/`);
  writeFileSync(join(folder, 'load'), script);
  run('sh', join(folder, 'load'));
  const bytes = readFileSync(join(folder, 'edid/viver-digital.bin'));
  expect(bytes).toHaveLength(128);
  expect(bytes.reduce((sum, byte) => sum + byte, 0) % 256).toBe(0);
  expect([...bytes.subarray(0, 8)]).toEqual([0, 255, 255, 255, 255, 255, 255, 0]);
});
