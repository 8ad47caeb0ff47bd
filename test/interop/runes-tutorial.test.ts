// docs/runes.md, followed word for word: its tutorial and its how-tos are run as they stand, each in an empty folder, with nothing but bin/ in the PATH.
// A fence `sh` is run, the fence `text` behind it is what it must print, `ts NAME` is a file to write; anything else is prose.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const KIT = join(import.meta.dirname, '../..');
const page = readFileSync(join(KIT, 'docs/runes.md'), 'utf8');

interface Fence {
  readonly language: string;
  /** The file that it is, if any. */
  readonly file: string | undefined;
  readonly text: string;
  /** The prose before it. */
  readonly before: string;
}

/** The fences of the section under `## title`. */
function fencesOf(title: string): Fence[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`docs/runes.md has no section '${title}'`);
  const parts = section.split(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/m);
  return Array.from({ length: (parts.length - 1) / 4 }, (_, index) => ({
    before: parts[index * 4]!,
    language: parts[index * 4 + 1]!,
    file: parts[index * 4 + 2] || undefined,
    text: parts[index * 4 + 3]!,
  }));
}

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'viver-tutorial-'));
});
afterEach(() => rm(place, { recursive: true }));

/** Runs a block of commands as a person types them, and returns all that they print. */
function type(commands: string): string {
  const { status, stdout } = spawnSync('bash', ['-e', '-c', `exec 2>&1\n${commands}`], {
    cwd: place,
    encoding: 'utf8',
    env: { HOME: place, LANG: 'C.UTF-8', PATH: `${join(KIT, 'bin')}:${process.env.PATH}` },
    timeout: 110_000,
  });
  expect(status, `${commands}${stdout}`).toBe(0);
  return stdout;
}

/** The lines of `expected` are there in their order; `…` stands for anything. */
function expectLines(printed: string, expected: string): void {
  let rest = printed.split('\n');
  for (const line of expected.split('\n').filter(Boolean)) {
    const pattern = new RegExp(`^${line.split('…').map(RegExp.escape).join('.*')}$`);
    const at = rest.findIndex((candidate) => pattern.test(candidate));
    expect(at, `'${line}' is not in what is left of\n${printed}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + 1);
  }
}

async function follow(title: string): Promise<{ commands: number; files: number }> {
  let printed: string | undefined;
  const done = { commands: 0, files: 0 };
  for (const { language, file, text, before } of fencesOf(title)) {
    if (language === 'sh') {
      printed = type(text);
      done.commands++;
    } else if (language === 'text') {
      if (printed === undefined) throw new Error(`nothing was run that could print ${text}`);
      expectLines(printed, text);
    } else if (file !== undefined) {
      expect(before, `the prose before the file ${file} does not name it`).toContain(`\`${file}\``);
      await mkdir(dirname(join(place, file)), { recursive: true });
      await writeFile(join(place, file), text);
      done.files++;
    } else throw new Error(`a fence of '${language}' that is neither run, compared nor written`);
  }
  return done;
}

describe('docs/runes.md, word for word', () => {
  test('the tutorial', async () => {
    expect(await follow('Ten minutes: a rune of your own')).toEqual({ commands: 9, files: 3 });
  });

  test("how to install our printers' settings on every PC", async () => {
    const { commands, files } = await follow("How to: our printers' settings on every PC");
    expect(commands).toBeGreaterThan(3);
    expect(files).toBeGreaterThan(0);
  });
});
