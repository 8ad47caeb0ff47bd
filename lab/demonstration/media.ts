// The image and the stick of the demonstration, made as a user makes them: by viver-kit's command line. Both are kept until the system,
// or the code that makes them, changes.

import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runAsRoot, runHere } from '../as-root.ts';
import type { DebianSystem } from '../debian.ts';
import { PROJECT_DIRECTORY } from '../room-paths.ts';
import { shareOption } from './plan.ts';

/** What a kernel needs to be watched over a serial line; everything else is as any user has it. */
const KERNEL_OPTIONS = ['console=ttyS0,115200', 'systemd.show_status=1'];

/** What decides on the bytes of an image; the tree of the system is in its own stamp. */
const IMAGE_CODE = [
  ...['kit/create-image.ts', 'kit/capture-plan.ts', 'kit/squashfs.ts', 'src/images/format.ts'],
  ...[
    'src/vfield/create-metainfo.ts',
    'src/vfield/metainfo.ts',
    'src/vfield/merkle.ts',
    'src/vfield/legacy-metainfo.ts',
  ],
];
const STICK_CODE = ['kit', 'build', 'initrd', 'src', 'package-lock.json'];

export interface DemonstrationMedia {
  readonly image: string;
  readonly imageBytes: number;
  readonly stick: string;
}

/** The image of the system, in `directory`. */
export async function makeImage(directory: string, system: DebianSystem): Promise<string> {
  const image = join(directory, 'debian.viver');
  await madeOnce(image, await imageKey(directory), () =>
    // The tree belongs to root, and some of its files are for root's eyes only.
    runKit(runAsRoot, ['image', 'create', '--root', system.root, '--output', image]),
  );
  return image;
}

/** @param stickName Runs with other kernel options have other sticks. @param runes The folder that becomes RUNES of the stick. */
export async function makeMedia(
  directory: string,
  system: DebianSystem,
  stickName: string,
  share: number,
  runes?: string,
): Promise<DemonstrationMedia> {
  const image = await makeImage(directory, system);
  const imageBytes = (await stat(image)).size;
  const stick = join(directory, stickName);
  const options = [...KERNEL_OPTIONS, shareOption(share, imageBytes)].join(' ');
  const given = runes ? ['--runes', runes] : [];
  const paths = runes ? [...STICK_CODE, runes] : STICK_CODE;
  await madeOnce(stick, await keyOf([await imageKey(directory), options], paths), () =>
    runKit(runHere, ['media', 'create', '--image', image, '--output', stick, '--append', options, ...given]),
  );
  return { image, imageBytes, stick };
}

async function imageKey(directory: string): Promise<string> {
  return keyOf([await readFile(join(directory, 'system.stamp'), 'utf8')], IMAGE_CODE);
}

async function runKit(run: typeof runAsRoot, args: readonly string[]): Promise<void> {
  const kit = join(PROJECT_DIRECTORY, 'kit', 'main.ts');
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', kit, ...args]);
}

/** Runs `make` unless `file` was made with the same key. */
async function madeOnce(file: string, key: string, make: () => Promise<void>): Promise<void> {
  const stamp = `${file}.stamp`;
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere && (await readFile(stamp, 'utf8').catch(() => '')) === key) return;
  await rm(stamp, { force: true });
  await make();
  await writeFile(stamp, key);
}

/** A hash of `values` and of every file below the project's `paths`. */
async function keyOf(values: readonly string[], paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(values));
  for (const path of paths) {
    for (const file of await filesBelow(resolve(PROJECT_DIRECTORY, path)))
      hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}
