// File operations as a script for sh, and its output back as results. All operations that are asked for together are one child process.
// Contents cross as base64, so that no file can be taken for the script's own words. Pure.

import { ViverError } from '../../errors.ts';
import { assertRootPath, directoryOf } from './root-path.ts';

export type FileOperation =
  | { readonly kind: 'read' | 'exists' | 'remove' | 'list'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** What a file gets when nothing is said. */
const MODE_BY_UMASK = 0o644;
const EXECUTE = 0o111;

/** What one operation gave: `lines` is the plain output; `failed` has the reason. */
export type FileResult = { readonly lines: readonly string[] } | { readonly failed: string };

/** @throws ViverError RUNES_BAD_PATH */
export function assertOperation(operation: FileOperation): void {
  assertRootPath(operation.path);
  if (operation.kind === 'link' && operation.target.includes('\0')) {
    throw new ViverError('RUNES_BAD_PATH', `link target of ${operation.path} has a zero byte`);
  }
}

/** The script that does `operations` one after the other and prints `@INDEX STATUS` behind each. */
export function formatScript(operations: readonly FileOperation[]): string {
  const commands = operations.map((operation, index) => `{\n${commandsFor(operation)}\n}\necho "@${index} $?"\n`);
  return `umask ${umaskFor(MODE_BY_UMASK)}\n${commands.join('')}`;
}

function commandsFor(operation: FileOperation): string {
  const path = quote(operation.path);
  switch (operation.kind) {
    case 'read':
      return `if [ -f ${path} ]; then base64 < ${path}; else echo '!'; fi`;
    case 'exists':
      return `if [ -e ${path} ] || [ -L ${path} ]; then echo '+'; else echo '!'; fi`;
    case 'list':
      return `if [ -d ${path} ]; then ls -1A ${path} | base64; else echo '!'; fi`;
    case 'remove':
      return `rm -f ${path}`;
    case 'write':
      return writeCommands(operation.path, operation.text, operation.mode);
    case 'link':
      return `${makeDirectory(operation.path)} && ln -sfn ${quote(operation.target)} ${path}`;
  }
}

/**
 * A new file beside the old one and a rename: whoever reads sees the old or the new text; a link is replaced, not followed. A path that is free is
 * written at once. Each program that the script starts costs a boot some milliseconds, so what the shell can do itself it does.
 */
function writeCommands(path: string, text: string, mode: number): string {
  const target = quote(path);
  const replace = `${keepOwner(path, mode)} && ${print(text)} > "$f" && { [ ! -L ${target} ] || rm -f ${target}; } && mv -f "$f" ${target}`;
  const write = `${makeDirectory(path)} && ${print(text)} > ${target}`;
  const makeRunnable = (mode & EXECUTE) === 0 ? '' : ` && chmod ${mode.toString(8)} ${target}`;
  return `umask ${umaskFor(mode)}
f=${quote(`${path}.viver-new`)}
if [ -e ${target} ] || [ -L ${target} ]; then ${replace}; else ${write}; fi${makeRunnable}
s=$?; umask ${umaskFor(MODE_BY_UMASK)}; [ $s = 0 ]`;
}

/** A file of another owner or group than ours: its successor begins as a copy, which has both. */
function keepOwner(path: string, mode: number): string {
  const target = quote(path);
  const copy = `{ cp -p ${target} "$f" && chmod ${mode.toString(8)} "$f"; }`;
  return `{ [ ! -f ${target} ] || { [ -O ${target} ] && [ -G ${target} ]; } || ${copy}; }`;
}

/** What the shell takes off 0666 to make a file of this mode, as far as it is not about running it. */
function umaskFor(mode: number): string {
  return (0o666 & ~mode).toString(8).padStart(4, '0');
}

/** The command that prints the text; the shell itself knows printf, and knows no zero bytes. */
function print(text: string): string {
  return text.includes('\0') ? `printf '%s' '${base64Lines(text)}' | base64 -d` : `printf '%s' ${quote(text)}`;
}

function base64Lines(text: string): string {
  return Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n');
}

function makeDirectory(path: string): string {
  const directory = quote(directoryOf(path));
  return `{ [ -d ${directory} ] || mkdir -p ${directory}; }`;
}

/** Single quotes keep everything but themselves as it is. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The results of `count` operations; what the script did not come to is failed with `stderr`. */
export function parseScriptOutput(stdout: string, count: number, stderr: string): FileResult[] {
  const results: FileResult[] = [];
  let lines: string[] = [];
  for (const line of stdout.split('\n')) {
    const end = /^@(\d+) (\d+)$/.exec(line);
    if (!end) {
      lines.push(line);
      continue;
    }
    results[Number(end[1])] = end[2] === '0' ? { lines } : { failed: stderr.trim() || `status ${end[2]}` };
    lines = [];
  }
  return Array.from(
    { length: count },
    (_, index) => results[index] ?? { failed: stderr.trim() || 'sh ended before it' },
  );
}

/** The text in the lines of a `read` or `list`; undefined when there was none. */
export function decodeLines(lines: readonly string[]): string | undefined {
  return lines[0] === '!' ? undefined : Buffer.from(lines.join(''), 'base64').toString('utf8');
}
