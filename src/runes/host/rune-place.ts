// Where in a rune's file an error comes from, for its author: `medium:/RUNES/runes/printers.ts:12: …`. Pure.

import { errorLine, ViverError } from '../../errors.ts';

/** The URL under which the text of `path` is loaded; stacks name it. */
export function runeUrlOf(path: string): string {
  return `file:///RUNES/${encodeURIComponent(path)}`;
}

/**
 * `error` with path and line in its message. V8 and the type stripper name the place in the stack only.
 * @param url Under which the rune was loaded.
 * @param path The rune's file as people know it.
 */
export function placedError(error: unknown, url: string, path: string): ViverError {
  const message = errorLine(error);
  const line = error instanceof Error ? lineIn(error.stack ?? '', url) : undefined;
  const placed = message.startsWith(path) ? message : `${path}${line === undefined ? '' : `:${line}`}: ${message}`;
  if (error instanceof ViverError) return new ViverError(error.code, placed, { retryable: error.retryable });
  return new ViverError('RUNES_THREW', placed, { cause: error });
}

/** The first line in the rune's own file that a stack names; stacks begin with the innermost call. */
export function lineIn(stack: string, url: string): number | undefined {
  const at = stack.indexOf(`${url}:`);
  const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + url.length + 1))?.[0];
  return line === undefined ? undefined : Number(line);
}

/** The line, from 1, where an import names `specifier`. */
export function lineOf(text: string, specifier: string): number {
  const places = [`'${specifier}'`, `"${specifier}"`].map((quoted) => text.indexOf(quoted)).filter((at) => at >= 0);
  return text.slice(0, Math.max(0, Math.min(...places, text.length))).split('\n').length;
}
