// Where Moleculer is: in the folder that VIVER_MOLECULER names, else in the project, if it is there.

import { createRequire } from 'node:module';

export const requireFrom = createRequire(`${process.env.VIVER_MOLECULER ?? process.cwd()}/`);

export function isThere(): boolean {
  try {
    requireFrom.resolve('moleculer');
    return true;
  } catch {
    return false;
  }
}
