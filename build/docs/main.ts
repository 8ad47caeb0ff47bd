// `make docs`: writes the parts of docs/ that are made of the code.

import { readFile, writeFile } from 'node:fs/promises';
import { withReference } from './runes-reference.ts';

const PAGE = new URL('../../docs/runes.md', import.meta.url);
const page = await readFile(PAGE, 'utf8');
await writeFile(PAGE, await withReference(page));
