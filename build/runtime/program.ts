// Lays our own program out under /app of the runtime: initrd/ and src/ as JavaScript, no tests, and the npm packages they import.

import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ViverError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import { references, toJavaScript } from './javascript.ts';
import { stagePackages } from './packages.ts';

const FOLDERS = ['initrd', 'src'];

/** What a rune from outside may import although nothing of ours does (docs/runes.md). */
const FOR_RUNES = ['zod'];

/** Where execution begins: what these reach must be whole. */
const ENTRIES = ['initrd/init.js', 'initrd/resume.js', 'src/control/main.js'];

/** Copies the program of the checkout `project` to `app`. @throws ViverError INITRD_BAD_SOURCE, INITRD_BAD_IMPORT */
export async function stageProgram(project: string, app: string, log: Log): Promise<void> {
  const files = (await Promise.all(FOLDERS.map((folder) => programFiles(project, folder)))).flat();
  const staged = new Map<string, string[]>();
  for (const file of files) {
    const output = file.replace(/\.ts$/, '.js');
    await mkdir(dirname(join(app, output)), { recursive: true });
    if (!file.endsWith('.ts')) await copyAsset(join(project, file), join(app, output));
    else staged.set(output, await writeModule(join(project, file), join(app, output), file));
  }
  checkImports(staged, log);
  const bare = [...staged.values()].flat().filter((specifier) => !/^(?:\.|\/|[a-z]+:)/.test(specifier));
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string };
  const manifest = { name: 'viver', version, private: true, type: 'module' };
  await writeFile(join(app, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await stagePackages(project, app, [...new Set([...bare, ...FOR_RUNES])].sort());
}

/** Relative paths of what belongs into the initrd, sorted. */
async function programFiles(project: string, folder: string): Promise<string[]> {
  const all = await readdir(join(project, folder), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(project.length + 1))
    .filter(
      (path) => /\.(?:ts|sh|json)$/.test(path) && !/\.test\.ts$|\.d\.ts$|(?:^|\/)(?:testdata|testing)\//.test(path),
    )
    .filter((path) => path !== 'initrd/init.sh') // it is /init of the small archive
    .sort();
}

async function writeModule(source: string, output: string, name: string): Promise<string[]> {
  const code = toJavaScript(await readFile(source, 'utf8'), name);
  await writeFile(output, code);
  return references(code);
}

async function copyAsset(source: string, output: string): Promise<void> {
  await copyFile(source, output);
  await chmod(output, output.endsWith('.sh') ? 0o755 : 0o644);
}

/** A module that is not there would end the boot of every machine: it ends the build instead, if the boot can come to it. */
function checkImports(staged: ReadonlyMap<string, readonly string[]>, log: Log): void {
  const reached = reachable(staged);
  for (const [file, specifiers] of staged) {
    for (const specifier of specifiers) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js') || staged.has(join(dirname(file), specifier)))
        continue;
      const message = `${file} imports ${specifier}, which is no part of the program`;
      if (reached.has(file)) throw new ViverError('INITRD_BAD_IMPORT', message);
      log.warn(message);
    }
  }
}

function reachable(staged: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of staged.get(file) ?? []) {
      if (specifier.startsWith('.')) visit(join(dirname(file), specifier));
    }
  };
  for (const entry of ENTRIES) visit(entry);
  return seen;
}
