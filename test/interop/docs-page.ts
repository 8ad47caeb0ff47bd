// A section of docs/runes.md, followed word for word, with nothing but bin/ in front of the PATH. A fence `sh` is run, the fence `text` behind it is what
// it must print, `ts NAME` is a file to write; there are no other fences in such a section.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const KIT = join(import.meta.dirname, '../..');
const LIMIT_MS = 110_000;

interface Fence {
  readonly language: string;
  /** The file that it is, if any. */
  readonly file: string | undefined;
  readonly text: string;
  /** The prose before it. */
  readonly before: string;
}

/** Does in `place` what the section under `## title` says. @returns how much that was */
export async function follow(title: string, place: string): Promise<{ commands: number; files: number }> {
  let printed: string | undefined;
  const done = { commands: 0, files: 0 };
  for (const { language, file, text, before } of fencesOf(title)) {
    if (language === 'sh') {
      printed = type(text, place);
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

function fencesOf(title: string): Fence[] {
  const page = readFileSync(join(KIT, 'docs/runes.md'), 'utf8');
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

/** Runs a block of commands as a person types them, and returns all that they print. */
function type(commands: string, place: string): string {
  const { status, stdout } = spawnSync('bash', ['-e', '-c', `exec 2>&1\n${commands}`], {
    cwd: place,
    encoding: 'utf8',
    env: { HOME: place, LANG: 'C.UTF-8', PATH: `${join(KIT, 'bin')}:${process.env.PATH}` },
    timeout: LIMIT_MS,
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
