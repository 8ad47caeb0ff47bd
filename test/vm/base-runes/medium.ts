// What the bench puts onto a stick, as /RUNES of its FAT partition: the folder `medium` beside this file, and a list of users with a key made for this run.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from '../../../lab/as-root.ts';

export const MEDIUM_FOLDER = fileURLToPath(new URL('medium', import.meta.url));
const SECTOR_BYTES = 512;
/** Partition types that a stick's boot files lie in: EFI system (GPT and MBR), FAT32. */
const FAT_TYPES = new Set(['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'ef', 'c', 'b']);

/** Of `secret`, by `openssl passwd -6`. */
const PASSWORD = '$6$benchbench$agdH7.5jUrp182qOzKzpdDcqPZScP0K/8LvbT8ZmDpv5eOwmU6vCXtxnU7YVDmn.pGUHsC.mIrDmiJbLM0jHf1';

export interface BenchKeys {
  /** The private SSH key that anna and root let in. */
  readonly sshKey: string;
  /** Of the medium, as the kit wrote it. */
  readonly roomKey: string;
}

/** Files of a stick's boot partition are replaced; others stay. */
export async function putRunes(stick: string): Promise<BenchKeys> {
  const own = await mkdtemp(join(tmpdir(), 'viver-bench-medium-'));
  try {
    const { sshKey, users } = await makeUsers(own);
    await writeFile(join(own, 'users'), users);
    const names = (await readdir(MEDIUM_FOLDER)).map((name) => join(MEDIUM_FOLDER, name));
    await copyToStick(stick, [...names, join(own, 'users')]);
    const roomKey = await runHere('mtype', ['-i', `${stick}@@${await fatOffset(stick)}`, '::/RUNES/room.key']);
    return { sshKey, roomKey: roomKey.trim() };
  } finally {
    await rm(own, { recursive: true });
  }
}

/** A list of users with a fresh key. @param directory Where the key may lie. */
export async function makeUsers(directory: string): Promise<{ sshKey: string; users: string }> {
  const file = join(directory, 'key');
  await runHere('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', file]);
  const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim();
  const users = `# of the bench\nanna audio,video password=${PASSWORD}\n    ${publicKey}\nroot\n    ${publicKey}\n`;
  return { sshKey: await readFile(file, 'utf8'), users };
}

async function copyToStick(stick: string, files: readonly string[]): Promise<void> {
  const partition = `${stick}@@${await fatOffset(stick)}`;
  // The folder is there when something else of the stick lies in it.
  await runHere('mmd', ['-D', 's', '-i', partition, '::/RUNES']).catch(() => {});
  await runHere('mcopy', ['-s', '-o', '-i', partition, ...files, '::/RUNES/']);
}

async function fatOffset(stick: string): Promise<number> {
  const text = await runHere('sfdisk', ['--json', stick]);
  const { partitiontable } = JSON.parse(text) as { partitiontable: { partitions: { start: number; type: string }[] } };
  const found = partitiontable.partitions.find(({ type }) => FAT_TYPES.has(type));
  if (!found) throw new Error(`${stick} has no boot partition`);
  return found.start * SECTOR_BYTES;
}
