// The Node of the initrd: the pinned binary without its debugging symbols and without most of ICU's data, made once and kept.

import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../kit/child.ts';
import { errorLine } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { BuildCache } from '../cache.ts';
import { hashFile } from '../cache.ts';
import { passesSmokeTest, slimIcu } from '../icu/slim.ts';

/** Goes up when a change of this room makes another binary of the same input. */
const RECIPE = 'node-1';

export interface PreparedNode {
  readonly path: string;
  /** As `process.version` says, without the v. */
  readonly version: string;
  readonly slimIcu: boolean;
}

interface NodeFacts {
  readonly node: string;
  readonly icu: string;
}

/**
 * Makes the binary. Needs strip (Debian: binutils) and, for less ICU data, icupkg (icu-devtools); without the latter, or when the
 * changed binary fails its test, the whole data stays, with a warning.
 */
export async function prepareNode(
  node: string,
  slim: boolean,
  cache: BuildCache,
  log: Log,
  scratch: string,
): Promise<PreparedNode> {
  const facts = await askVersions(node);
  const hash = await hashFile(node);
  const stripped = await cache.get('node', [RECIPE, hash], async (path) => {
    await runChecked('strip', ['-o', path, node]);
  });
  const whole: PreparedNode = { path: stripped.path, version: facts.node, slimIcu: false };
  if (!slim) return whole;
  try {
    const slimmed = await cache.get('node-slim', [RECIPE, hash], (path) =>
      makeSlim(stripped.path, path, facts, scratch),
    );
    return { ...whole, path: slimmed.path, slimIcu: true };
  } catch (error) {
    log.warn(`Node keeps all of its ICU data (6 MB more): ${errorLine(error)}`);
    return whole;
  }
}

async function makeSlim(stripped: string, output: string, facts: NodeFacts, scratch: string): Promise<void> {
  const work = join(scratch, 'icu');
  await mkdir(work, { recursive: true });
  const candidate = join(work, 'node');
  await slimIcu(stripped, candidate, Number.parseInt(facts.icu, 10), work);
  if (!(await passesSmokeTest(candidate))) throw new Error('the binary with less data failed its test');
  await copyFile(candidate, output);
  await rm(work, { recursive: true, force: true });
}

async function askVersions(node: string): Promise<NodeFacts> {
  const result = await runChecked(node, ['-p', 'JSON.stringify(process.versions)']);
  return JSON.parse(result.stdout) as NodeFacts;
}
