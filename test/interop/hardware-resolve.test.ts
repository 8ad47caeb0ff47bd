// `viver-kit hardware resolve` against modprobe(8): modules with generated aliases, tables by the real depmod(8), the same questions to
// both. Needs kmod (depmod, modprobe); no root. VIVER_RESOLVE_SEED replays a run.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDependencies, planLoad } from '../../src/hwdetect/dependencies.ts';
import { aliasPattern, instanceOf } from '../../src/hwdetect/testdata/pattern-instances.ts';
import { encodeKernelObject, type KernelObject } from './kernel-object.ts';

const RELEASE = '6.1.0-test';
const MODULES = 60;
const seed = Number(process.env.VIVER_RESOLVE_SEED ?? Date.now() % 2 ** 31);

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'viver-resolve-'));
  mkdirSync(join(root, 'config'));
  const folder = join(root, 'lib/modules', RELEASE);
  const objects = someModules();
  for (const [at, object] of objects.entries()) {
    const path = join(folder, 'kernel', at % 2 ? 'drivers' : 'fs', `${object.name}.ko`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, encodeKernelObject(object));
  }
  // Half of them in an order of its own, so that priority is neither the alphabet nor the folder.
  const order = objects.map(({ name }, at) => `kernel/${at % 2 ? 'drivers' : 'fs'}/${name}.ko`);
  writeFileSync(
    join(folder, 'modules.order'),
    `${order
      .filter((_, at) => at % 4 < 2)
      .reverse()
      .join('\n')}\n`,
  );
  const builtin = someBuiltin();
  writeFileSync(
    join(folder, 'modules.builtin'),
    builtin
      .slice(0, 8)
      .map(({ name }) => `kernel/lib/${name}.ko\n`)
      .join(''),
  );
  const info = builtin.flatMap(({ name, aliases }) => [
    `${name}.license=GPL`,
    ...aliases.map((alias) => `${name}.alias=${alias}`),
  ]);
  writeFileSync(
    join(folder, 'modules.builtin.modinfo'),
    Buffer.from(info.map((line) => `${line}\0`).join(''), 'latin1'),
  );
  execFileSync('depmod', ['-b', root, '-C', join(root, 'config'), RELEASE], { stdio: ['ignore', 'ignore', 'pipe'] });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe(`viver-kit hardware resolve (seed ${seed})`, () => {
  it('answers as modprobe -R for instances of every pattern', () => {
    const patterns = [...tablePatterns(), ...someBuiltin().flatMap(({ aliases }) => aliases)];
    compare(patterns.flatMap((pattern) => fc.sample(instanceOf(pattern), { seed, numRuns: 2 })));
  });

  it('answers as modprobe -R for names, symbols and what is none of it', () => {
    const objects = someModules();
    compare([
      ...objects.map(({ name }) => name.replaceAll('_', '-')),
      ...objects.flatMap((object) => object.exports ?? []).map((symbol) => `symbol:${symbol}`),
      ...someBuiltin().map(({ name }) => name),
      ...[
        '',
        ' ',
        '*',
        '?',
        '[*]',
        '[]',
        'a]',
        '[a',
        'pci:',
        'symbol:',
        'symbol:none',
        '/x',
        './x',
        'm0.ko',
        'x y',
        'usb:v\xff',
      ],
      `pci:v${'0'.repeat(4090)}`,
      `pci:v${'0'.repeat(4200)}`,
      `usb:v${'0'.repeat(70_000)}`,
    ]);
  });

  it('answers as modprobe -R when the question has wildcards itself', () => {
    const patterns = tablePatterns();
    const changed = fc.sample(
      fc.tuple(fc.constantFrom(...patterns), fc.nat(12), fc.constantFrom('*', '?', '[0]', '')),
      {
        seed,
        numRuns: 300,
      },
    );
    compare([
      ...patterns.slice(0, 300),
      ...changed.map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + 1)),
    ]);
  });

  it('takes CR LF, and finds the folder from the folder itself', () => {
    const folder = join(root, 'lib/modules', RELEASE);
    const name = someModules()[0]!.name;
    expect(viverKit(folder, `${name}\r\nnone\r\n\r\n${name}`)).toBe(`${name}\t${name}\nnone\t\n\t\n${name}\t${name}\n`);
  });

  it('plans loads in the order of modprobe --show-depends', () => {
    const table = parseDependencies(readFileSync(join(root, 'lib/modules', RELEASE, 'modules.dep'), 'latin1'));
    const shown = (name: string) => modprobe('--show-depends', '--ignore-install', name).match(/[^/\s]+(?=\.ko)/g);
    for (const { name } of someModules()) expect(planLoad(table, name).order).toEqual(shown(name));
  });
});

function compare(questions: readonly string[]): void {
  const asked = questions.filter((question) => !question.startsWith('-'));
  const expected = asked.map((alias) => `${alias}\t${modprobe('-R', alias).trim().replaceAll('\n', ' ')}\n`);
  const answered = viverKit(root, `${asked.join('\n')}\n`).split(/(?<=\n)/);
  expect(answered).toEqual(expected);
  expect(expected.some((line) => !line.endsWith('\t\n'))).toBe(true);
}

function modprobe(...question: string[]): string {
  const config = join(root, 'config');
  // Arguments are bytes: latin1 letters pass as such through a shell's printf.
  const script = 'alias=$(printf %b "$3"); exec modprobe -C "$1" -d "$2" -S "$4" $5 -- "$alias"';
  const options = question.slice(0, -1).join(' ');
  const words = [config, root, escapeBytes(question.at(-1)!), RELEASE, options];
  return spawnSync('sh', ['-c', script, 'sh', ...words], { encoding: 'latin1' }).stdout;
}

function escapeBytes(text: string): string {
  return text.replace(/[\\\x80-\xff]/g, (letter) => `\\0${letter.charCodeAt(0).toString(8)}`);
}

function viverKit(modules: string, input: string): string {
  const command = new URL('../../bin/viver-kit', import.meta.url).pathname;
  const options = { input: Buffer.from(input, 'latin1'), encoding: 'latin1', maxBuffer: 2 ** 28 } as const;
  const { stdout, stderr, status } = spawnSync(command, ['hardware', 'resolve', '--modules', modules], options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

function tablePatterns(): string[] {
  return someModules().flatMap(({ aliases }) => aliases);
}

/** The same modules at each call; aliases shared between modules, and twice in one. Each may only need modules before it. */
function someModules(): KernelObject[] {
  const aliasLists = fc.sample(fc.array(aliasPattern, { minLength: 1, maxLength: 9 }), { seed, numRuns: MODULES });
  const needs = fc.sample(fc.array(fc.nat(MODULES), { maxLength: 3 }), { seed, numRuns: MODULES });
  return aliasLists.map((aliases, at) => ({
    name: `m${(at * 37) % MODULES}_x`,
    aliases: at % 5 ? aliases : [...aliases, aliases[0]!, aliasLists[0]![0]!, 'shared:*'],
    exports: [`symbol_of_${at}`],
    needs: needs[at]!.filter((other) => other < at).map((other) => `symbol_of_${other}`),
  }));
}

function someBuiltin(): { name: string; aliases: string[] }[] {
  const lists = fc.sample(fc.array(aliasPattern, { maxLength: 6 }), { seed: seed + 1, numRuns: 12 });
  return lists.map((aliases, at) => ({
    name: `builtin${at}`,
    aliases: [...aliases, 'only-builtin:*', `only-builtin:${at}*`],
  }));
}
