import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withScratch, writeWhole } from './output-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'viver-output-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('the file appears when it is whole', async () => {
  const output = join(directory, 'out.img');
  writeFileSync(output, 'old');
  await writeWhole(output, async (partial) => {
    await writeFile(partial, 'new');
    expect(readFileSync(output, 'utf8')).toBe('old');
  });
  expect(readFileSync(output, 'utf8')).toBe('new');
  expect(readdirSync(directory)).toEqual(['out.img']);
});

test('a failure leaves what was there before, and no handlers', async () => {
  const output = join(directory, 'out.img');
  writeFileSync(output, 'old');
  const handlers = process.listenerCount('SIGTERM');
  const failing = writeWhole(output, async (partial) => {
    await writeFile(partial, 'half');
    throw Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
  });
  await expect(failing).rejects.toMatchObject({ code: 'KIT_DISK_FULL' });
  expect(readdirSync(directory)).toEqual(['out.img']);
  expect(readFileSync(output, 'utf8')).toBe('old');
  expect(process.listenerCount('SIGTERM')).toBe(handlers);
});

test('scratch directories are gone afterwards', async () => {
  const output = join(directory, 'out.img');
  await withScratch(output, async (scratch) => await writeFile(join(scratch, 'x'), 'x'));
  expect(readdirSync(directory)).toEqual([]);
});

test('what a killed process left is removed by the next run, what a living one writes is not', async () => {
  const output = join(directory, 'out.img');
  const dead = 2 ** 22 + 1; // beyond PID_MAX_LIMIT
  writeFileSync(join(directory, `.out.img.${dead}.partial`), 'half');
  mkdirSync(join(directory, `.out.img.${dead}.partial.d`));
  writeFileSync(join(directory, '.out.img.1.partial'), 'of a living process');
  writeFileSync(join(directory, `.other.img.${dead}.partial`), 'not ours');
  await writeWhole(output, async (partial) => await writeFile(partial, ''));
  expect(readdirSync(directory).sort()).toEqual(['.other.img.4194305.partial', '.out.img.1.partial', 'out.img']);
});

test('places that cannot take a file are refused', async () => {
  const write = async (partial: string) => await writeFile(partial, '');
  await expect(writeWhole(directory, write)).rejects.toMatchObject({ code: 'KIT_OUTPUT_IS_DIRECTORY' });
  const nowhere = join(directory, 'none', 'out.img');
  await expect(writeWhole(nowhere, write)).rejects.toMatchObject({ code: 'KIT_NO_OUTPUT_DIRECTORY' });
});
