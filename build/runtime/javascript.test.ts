import { describe, expect, it } from 'vitest';
import { references, toJavaScript } from './javascript.ts';

const SOURCE = `// import './comment.ts';
import type { A } from './types.ts';
import { b, type C } from './b.ts';
import './side-effect.ts';
export * from '../c/d.ts';
import zod from 'zod/mini';
const later = await import('./later.ts');
const worker = new Worker(new URL('./thread.worker.ts', import.meta.url));
const text: string = 'from ./text.ts';
export function f(this: C, a: A): number {
  return a as number;
}
`;

describe('toJavaScript', () => {
  const code = toJavaScript(SOURCE, 'x.ts');

  it('keeps lines and names the .js files', () => {
    const lines = code.split('\n');
    expect(lines.length).toBe(SOURCE.split('\n').length);
    expect(lines[1]).toBe('');
    expect(lines[3]).toBe("import './side-effect.js';");
    expect(lines[7]).toContain("new URL('./thread.worker.js', import.meta.url)");
    expect(lines[8]).toContain("'from ./text.ts'");
  });

  it('names what it imports', () => {
    expect(references(code)).toEqual([
      './b.js',
      './side-effect.js',
      '../c/d.js',
      'zod/mini',
      './later.js',
      './thread.worker.js',
    ]);
  });

  it('says which file is no program', () => {
    expect(() => toJavaScript('enum X { a }', 'src/bad.ts')).toThrow('src/bad.ts');
  });
});
