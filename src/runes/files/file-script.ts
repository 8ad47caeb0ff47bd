// File operations as a script for sh, and its output back as results. All operations that are asked for together are one child process.
// Contents cross as base64, so that no file can be taken for the script's own words. Pure.

import { ViverError } from '../../errors.ts';
import { assertRootPath, directoryOf } from './root-path.ts';

export type FileOperation =
  | { readonly kind: 'read' | 'exists' | 'remove' | 'list'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const END_OF_TEXT = 'VIVER-END-OF-TEXT';
/** What a new file gets under the script's umask. */
const MODE_BY_UMASK = 0o644;

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
  return `umask 022\n${commands.join('')}`;
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
      return `${makeDirectory(operation.path)} && rm -f ${path} && ln -s ${quote(operation.target)} ${path}`;
  }
}

/**
 * A new file beside the old one and a rename: whoever reads sees the old or the new text. A link is replaced, not followed. Each program that the
 * script starts costs a boot some milliseconds, so what the shell can do itself it does.
 */
function writeCommands(path: string, text: string, mode: number): string {
  const fresh = quote(`${path}.viver-new`);
  const target = quote(path);
  const [program, content] = isPlainText(text) ? ['cat', text] : ['base64 -d', `${base64Lines(text)}\n`];
  // A file of another owner or group than ours: its successor begins as a copy, which has both.
  const keepOwner = `{ [ ! -f ${target} ] || { [ -O ${target} ] && [ -G ${target} ]; } || { cp -p ${target} ${fresh} && chmod 644 ${fresh}; }; }`;
  const changeMode = mode === MODE_BY_UMASK ? '' : ` && chmod ${mode.toString(8)} ${fresh}`;
  const makeRoom = `{ [ ! -L ${target} ] || rm -f ${target}; }`;
  return `${makeDirectory(path)} && ${keepOwner} &&
${program} > ${fresh} <<'${END_OF_TEXT}'${changeMode} && ${makeRoom} && mv -f ${fresh} ${target}
${content}${END_OF_TEXT}`;
}

/** What a here-document carries unchanged. */
function isPlainText(text: string): boolean {
  return text.endsWith('\n') && !text.includes('\0') && !text.split('\n').includes(END_OF_TEXT);
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
