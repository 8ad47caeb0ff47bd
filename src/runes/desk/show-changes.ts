// What runes changed, for a terminal: a unified diff for each file, by diff(1), which every Linux has.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sys } from '../../sys/sys.ts';
import type { FileChange, FileNode } from '../files/memory-files.ts';

const NOWHERE = '/dev/null';

/** The changes one below the other, as `diff -u` has them; links and modes in words. */
export async function showChanges(changes: readonly FileChange[], sys: Sys): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'viver-diff-'));
  try {
    let text = '';
    for (const change of changes) text += (await showChange(change, scratch, sys)).concat('\n');
    return text;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function showChange({ path, before, after }: FileChange, scratch: string, sys: Sys): Promise<string> {
  const head = `${headOf(before, after)} ${path}${notes(before, after)}\n`;
  const [old, fresh] = [textOf(before), textOf(after)];
  if (old === fresh) return head;
  await Promise.all([writeFile(join(scratch, 'old'), old), writeFile(join(scratch, 'new'), fresh)]);
  const label = (node: FileNode | undefined) => (node ? path : NOWHERE);
  const files = [join(scratch, 'old'), join(scratch, 'new')];
  const { stdout, stderr } = await sys.run('diff', [
    '-u',
    '--label',
    label(before),
    '--label',
    label(after),
    '--',
    ...files,
  ]);
  return head + (stdout || stderr);
}

function headOf(before: FileNode | undefined, after: FileNode | undefined): string {
  if (!after) return 'removed';
  return before ? 'changed' : 'new';
}

function notes(before: FileNode | undefined, after: FileNode | undefined): string {
  if (after?.kind === 'link') return ` -> ${after.target}`;
  const was = before?.kind === 'link' ? `, was a link to ${before.target}` : '';
  if (after?.kind !== 'file') return was;
  const mode = before?.kind === 'file' ? before.mode : 0o644;
  return `${was}${after.mode === mode ? '' : `, mode ${after.mode.toString(8)}`}`;
}

function textOf(node: FileNode | undefined): string {
  return node?.kind === 'file' ? node.text : '';
}
