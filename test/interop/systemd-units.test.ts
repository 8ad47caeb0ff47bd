// The units for systemd, looked at by systemd-analyze (Debian package systemd): every directive known, every program there, no hole in the sandbox by a slip.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './kit-tree.ts';

const PROJECT = join(import.meta.dirname, '../..');
const UNITS = join(PROJECT, 'contrib/systemd');
const names = readdirSync(UNITS);
let folder: string;

/** The units with this checkout's program in place of the installed one. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viver-units-'));
  for (const name of names) {
    const text = readFileSync(join(UNITS, name), 'utf8');
    writeFileSync(join(folder, name), text.replaceAll('/usr/local/bin/viver', join(PROJECT, 'bin/viver')));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(names)('%s is understood whole', (name) => {
  expect(run('systemd-analyze', 'verify', join(folder, name))).toBe('');
});

test.each([
  ['viver-field-seed@.service', 20],
  ['viver-field-join@.service', 20],
  ['viver-field-mount@.service', 60],
])('%s: its exposure as systemd-analyze counts it is at most %i of 100', (name, threshold) => {
  run('systemd-analyze', 'security', '--offline=yes', `--threshold=${threshold}`, join(folder, name));
});
