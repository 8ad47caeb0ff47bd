import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { stageProgram } from './program.ts';

const PROJECT = join(import.meta.dirname, '../..');

test('the program of this checkout is whole: all that the initrd can come to is in it', async () => {
  const app = await mkdtemp(join(tmpdir(), 'viver-program-'));
  try {
    await stageProgram(PROJECT, app, silentLog);
    for (const file of ['initrd/init.js', 'src/runes/host/foreign-rune.process.js', 'node_modules/zod/package.json'])
      expect((await stat(join(app, file))).isFile()).toBe(true);
  } finally {
    await rm(app, { recursive: true });
  }
}, 30_000);
