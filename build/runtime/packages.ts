// The npm packages in the initrd: just what our program imports. A package of ES modules (zod: 80 files) becomes one file per
// entry with one shared part, since each opened file costs time at boot (docs/decisions/); a CommonJS package is copied file by file, because
// our code reaches into such packages by path.

import { cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ViverError } from '../../src/errors.ts';

interface Package {
  readonly name: string;
  readonly folder: string;
  /** Specifier -> file that an ES import of it leads to. */
  readonly entries: Map<string, string>;
}

/** Puts the packages of `specifiers` (`zod/mini`, `dhcp/lib/protocol.js`) under `app`/node_modules. */
export async function stagePackages(project: string, app: string, specifiers: readonly string[]): Promise<void> {
  const packages = new Map<string, Package>();
  for (const specifier of specifiers) addEntry(project, packages, specifier);
  for (const one of packages.values()) {
    const target = join(app, 'node_modules', one.name);
    await mkdir(target, { recursive: true });
    const files = [...one.entries.values()];
    const asModules = await Promise.all(files.map((file) => isEsModule(file, one.folder)));
    if (asModules.every(Boolean)) await bundle(one, target);
    else await copyTraced(project, app, files);
  }
}

function addEntry(project: string, packages: Map<string, Package>, specifier: string): void {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const file = resolveFrom(join(project, 'package.json'), specifier);
  const folder = join(project, 'node_modules', name);
  const one = packages.get(name) ?? { name, folder, entries: new Map() };
  one.entries.set(specifier, file);
  packages.set(name, one);
}

function resolveFrom(importer: string, specifier: string): string {
  try {
    const url = import.meta.resolve(specifier, pathToFileURL(importer).href);
    return url.startsWith('file:') ? new URL(url).pathname : specifier;
  } catch (cause) {
    throw new ViverError('INITRD_BAD_IMPORT', `the program imports '${specifier}', which is not installed`, { cause });
  }
}

async function isEsModule(file: string, folder: string): Promise<boolean> {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  return (await readManifest(folder)).type === 'module';
}

async function readManifest(folder: string): Promise<{ name: string; version: string; type?: string; main?: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

/** One file per entry, unminified; what entries share lies in one more. */
async function bundle(one: Package, target: string): Promise<void> {
  const names = new Map([...one.entries.keys()].map((specifier) => [specifier, entryName(one.name, specifier)]));
  const input = Object.fromEntries([...one.entries].map(([specifier, file]) => [names.get(specifier)!, file]));
  const { rolldown } = await import('rolldown');
  const plain = { name: 'plain', renderChunk: escapeBeyondAscii };
  const build = await rolldown({ input, platform: 'node', logLevel: 'silent', plugins: [plain] });
  await build.write({ dir: target, format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'shared-[name].js' });
  await build.close();
  const exports = Object.fromEntries(
    [...names].map(([specifier, name]) => [`.${specifier.slice(one.name.length)}`, `./${name}.js`]),
  );
  const { version } = await readManifest(one.folder);
  const manifest = { name: one.name, version, type: 'module', exports };
  await writeFile(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The same program in ASCII. V8 keeps the text of what it has loaded, and one letter beyond Latin-1 makes all of it two bytes wide: a bundle of two
 * megabytes weighs four on every PC. An escape means the same in strings, regular expressions, templates, names and comments; a backslash
 * before such a letter meant nothing, and goes.
 */
export function escapeBeyondAscii(code: string): string {
  return code.replace(/(\\*)([\u0080-\uffff])/g, (_, slashes: string, unit: string) => {
    const escaped = `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return slashes.slice(slashes.length % 2) + escaped;
  });
}

function entryName(packageName: string, specifier: string): string {
  return specifier.slice(packageName.length + 1).replaceAll('/', '-') || 'index';
}

/** The files and all that they require, at the same places, with the package.json of every package on the way. */
async function copyTraced(project: string, app: string, files: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file.endsWith('.js') || file.endsWith('.cjs')) queue.push(...(await requiredFiles(file)));
    queue.push(await packageManifest(file));
  }
  const installed = await realpath(join(project, 'node_modules'));
  for (const file of seen) {
    const output = join(app, 'node_modules', relative(installed, file));
    await mkdir(dirname(output), { recursive: true });
    await cp(file, output);
  }
}

async function requiredFiles(file: string): Promise<string[]> {
  const require = createRequire(file);
  const code = await readFile(file, 'utf8');
  const specifiers = [...code.matchAll(/\brequire\s*\(\s*(['"])([^'"\n]+)\1\s*\)/g)].map((match) => match[2]!);
  return specifiers.map((specifier) => require.resolve(specifier)).filter((path) => path.startsWith('/'));
}

async function packageManifest(file: string): Promise<string> {
  for (let folder = dirname(file); folder !== '/'; folder = dirname(folder)) {
    const candidate = join(folder, 'package.json');
    const text = await readFile(candidate, 'utf8').catch(() => undefined);
    if (text !== undefined && 'name' in JSON.parse(text)) return candidate;
  }
  throw new ViverError('INITRD_BAD_IMPORT', `${file} belongs to no package`);
}
