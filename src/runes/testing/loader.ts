// Lets a rune and its test be run by plain Node on the desk: `node --import loader.ts --test NAME.test.ts`. What a rune may import is resolved to ours,
// wherever the file lies, and TypeScript counts as a module without a package.json beside it.

import { registerHooks } from 'node:module';

const OURS: Readonly<Record<string, string>> = {
  viver: new URL('../viver.ts', import.meta.url).href,
  'viver/testing': new URL('./testing.ts', import.meta.url).href,
};

registerHooks({
  resolve(specifier, context, nextResolve) {
    const ours = Object.hasOwn(OURS, specifier) ? OURS[specifier] : undefined;
    if (ours) return { url: ours, shortCircuit: true };
    const parentURL = /^zod(\/|$)/.test(specifier) ? import.meta.url : context.parentURL;
    return nextResolve(specifier, { ...context, parentURL });
  },
  load(url, context, nextLoad) {
    const isBare = context.format === undefined || context.format === null;
    return nextLoad(url, isBare && /\.m?ts$/.test(url) ? { ...context, format: 'module-typescript' } : context);
  },
});
