// docs/runes.md, followed word for word: its tutorial and its how-tos are run as they stand, each in an empty folder.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { follow } from './docs-page.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-tutorial-'));
});
afterEach(() => rm(place, { recursive: true }));

describe('docs/runes.md, word for word', () => {
  test('the tutorial', async () => {
    expect(await follow('Ten minutes: a rune of your own', place)).toEqual({ commands: 9, files: 3 });
  });

  test("how to install our printers' settings on every PC", async () => {
    const { commands, files } = await follow("How to: our printers' settings on every PC", place);
    expect(commands).toBeGreaterThan(3);
    expect(files).toBeGreaterThan(0);
  });

  test('how to give lab-07 a name and an address of its own', async () => {
    const { commands } = await follow('How to: lab-07 with a name and an address of its own', place);
    expect(commands).toBe(3);
  });
});
