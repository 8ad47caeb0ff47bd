// The disk of a PC of the room: swap, a file system that asks to be /scratch by its label, and one of Windows.

import { execFileSync } from 'node:child_process';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runHere } from '../../../lab/as-root.ts';

const SECTOR_BYTES = 512;
const MIB = 2 ** 20;
const PARTITIONS = [
  { type: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F', mebibytes: 64, make: ['mkswap', '-L', 'pc-swap'] },
  { type: '0FC63DAF-8483-4772-8E79-3D69D8477DE4', mebibytes: 64, make: ['mkfs.ext4', '-q', '-F', '-L', 'viver-tmp'] },
  { type: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', mebibytes: 32, make: ['mkfs.vfat', '-n', 'WINDOWS'] },
] as const;

/** Makes the disk in `directory`, anew each time. @returns its path */
export async function makePcDisk(directory: string): Promise<string> {
  const disk = join(directory, 'pc-disk.img');
  await writeFile(disk, '');
  await truncate(disk, 256 * MIB);
  let start = MIB;
  const table = ['label: gpt'];
  for (const { type, mebibytes, make } of PARTITIONS) {
    table.push(`start=${start / SECTOR_BYTES}, size=${(mebibytes * MIB) / SECTOR_BYTES}, type=${type}`);
    await putPartition(disk, start, mebibytes * MIB, make);
    start += mebibytes * MIB;
  }
  execFileSync('sfdisk', ['--quiet', '--no-tell-kernel', '--wipe', 'never', disk], { input: `${table.join('\n')}\n` });
  return disk;
}

async function putPartition(disk: string, start: number, bytes: number, make: readonly string[]): Promise<void> {
  const file = `${disk}.partition`;
  await writeFile(file, '', { mode: 0o600 });
  await truncate(file, bytes);
  const [program = '', ...args] = make;
  await runHere(program, [...args, file]);
  await using source = await open(file);
  await using target = await open(disk, 'r+');
  const chunk = Buffer.alloc(MIB);
  for (let at = 0; at < bytes; at += MIB) {
    await source.read(chunk, 0, MIB, at);
    await target.write(chunk, 0, MIB, start + at);
  }
}
