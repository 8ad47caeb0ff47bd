// From our TypeScript to the JavaScript of the initrd: types become blanks, lines stay where they are, and what names a `.ts` file of ours
// names the `.js` beside it. Somebody who unpacks the initrd reads the same program, with its comments. Pure.

import { stripTypeScriptTypes } from 'node:module';
import { ViverError } from '../../src/errors.ts';

/** Where a string names a module: `from '…'`, `import '…'`, `import('…')`, `new URL('…', import.meta.url)`. */
const REFERENCE = /(\bfrom\s*|\bimport\s*\(?\s*|\bnew\s+URL\(\s*)(['"])([^'"\n]+)\2/g;

/**
 * Turns the text of one module into JavaScript.
 * @param name For errors: the file's path in the checkout.
 */
export function toJavaScript(source: string, name: string): string {
  try {
    return rewriteReferences(stripTypeScriptTypes(source)).replace(/[ \t]+$/gm, '');
  } catch (cause) {
    throw new ViverError('INITRD_BAD_SOURCE', `${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Specifiers of all that a JavaScript module imports or starts as a worker, relative and bare. */
export function references(javaScript: string): string[] {
  const code = withoutComments(javaScript);
  return [...new Set([...code.matchAll(REFERENCE)].map((match) => match[3]!))];
}

function rewriteReferences(code: string): string {
  return code.replace(REFERENCE, (whole, before, quote, specifier) =>
    /^\.\.?\//.test(specifier) ? `${before}${quote}${specifier.replace(/\.ts$/, '.js')}${quote}` : whole,
  );
}

/** Comment lines and blocks away; a comment behind code on the same line stays, it rarely looks like an import. */
function withoutComments(code: string): string {
  return code.replace(/^\s*\/\/.*$/gm, '').replace(/^\s*\/\*[\s\S]*?\*\//gm, '');
}
