// Why a foreign rune's process ended, out of what Node printed on its way: a line with the place in the rune's file. Pure.

import { lineIn } from './rune-place.ts';

const FULL_MEMORY = /heap out of memory|bad_alloc|process out of memory|Cannot allocate memory/i;
/** `Error: burnt`, `SyntaxError [CODE]: Unexpected token`, `[Error: x`. */
const ERROR_LINE = /^\[?(?:Uncaught )?(?:[A-Za-z]*(?:Error|Rejection|Exception))(?: \[\w+\])?: (.*)$/m;

/** Where a rune's code lies, for its own process and for people. */
export interface RunePlace {
  /** As stacks have it: `file:///RUNES/...`. */
  readonly url: string;
  /** `medium:/etc/RUNES/runes/printers.ts` */
  readonly path: string;
}

/** What a process that printed `text` died of; undefined when it said nothing of use. */
export function lastWords(text: string, { url, path }: RunePlace): string | undefined {
  if (FULL_MEMORY.test(text)) return 'its memory is full';
  const message = ERROR_LINE.exec(text)?.[1] ?? thrownValue(text);
  if (message === undefined) return undefined;
  const line = lineIn(text, url);
  return line === undefined ? message : `${path}:${line}: ${message}`;
}

/** Of `throw 7` Node prints the place, the line of code, a mark under it, and the value. */
function thrownValue(text: string): string | undefined {
  return /^ *\^+ *\n\n?(.+)$/m.exec(text)?.[1];
}
