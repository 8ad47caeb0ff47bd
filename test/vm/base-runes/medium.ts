// Puts the folder `medium` beside this file onto a stick, as /RUNES of its FAT partition.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from '../../../lab/as-root.ts';

const FOLDER = fileURLToPath(new URL('medium', import.meta.url));
const SECTOR_BYTES = 512;
/** Partition types that a stick's boot files lie in: EFI system (GPT and MBR), FAT32. */
const FAT_TYPES = new Set(['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'ef', 'c', 'b']);

/** Files of a stick's boot partition are replaced; others stay. */
export async function putRunes(stick: string): Promise<void> {
  const partition = `${stick}@@${await fatOffset(stick)}`;
  // The folder is there when something else of the stick lies in it.
  await runHere('mmd', ['-D', 's', '-i', partition, '::/RUNES']).catch(() => {});
  const names = (await readdir(FOLDER)).map((name) => join(FOLDER, name));
  await runHere('mcopy', ['-s', '-o', '-i', partition, ...names, '::/RUNES/']);
}

async function fatOffset(stick: string): Promise<number> {
  const text = await runHere('sfdisk', ['--json', stick]);
  const { partitiontable } = JSON.parse(text) as {
    partitiontable: { partitions: { start: number; type: string }[] };
  };
  const found = partitiontable.partitions.find(({ type }) => FAT_TYPES.has(type));
  if (!found) throw new Error(`${stick} has no boot partition`);
  return found.start * SECTOR_BYTES;
}
