// Puts the parts of an initrd together in one file: an uncompressed archive with the two squashfs files and the manifest, and behind it
// the small compressed one. Used by build and by pack.

import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { checkOutputPath, writeWhole } from '../kit/output-file.ts';
import { type CpioContent, type CpioEntry, packCpio } from './cpio/write.ts';
import { packEarly } from './early.ts';

/** Names in the first archive, as the shim and the program know them. */
export const InitrdPath = {
  folder: 'viver',
  runtime: 'viver/runtime.squashfs',
  modules: 'viver/modules.squashfs',
  manifest: 'viver/manifest.json',
} as const;

export interface InitrdParts {
  /** Paths of the two squashfs files. */
  readonly runtime: string;
  readonly modules: string;
  /** Text of the manifest. */
  readonly manifest: string;
  readonly early: readonly CpioEntry[];
}

/** Writes the initrd, whole or not at all. @returns sizes in bytes. */
export async function writeInitrd(
  output: string,
  parts: InitrdParts,
): Promise<{ totalBytes: number; earlyBytes: number }> {
  await checkOutputPath(output);
  const early = await packEarly(parts.early);
  const large: CpioEntry[] = [
    { kind: 'directory', path: InitrdPath.folder, mode: 0o755 },
    { kind: 'file', path: InitrdPath.runtime, mode: 0o644, content: await fileContent(parts.runtime) },
    { kind: 'file', path: InitrdPath.modules, mode: 0o644, content: await fileContent(parts.modules) },
    { kind: 'file', path: InitrdPath.manifest, mode: 0o644, content: Buffer.from(parts.manifest) },
  ];
  await writeWhole(output, async (partial, signal) => {
    await pipeline(bothArchives(large, early), createWriteStream(partial), { signal });
  });
  return { totalBytes: (await stat(output)).size, earlyBytes: early.length };
}

async function* bothArchives(large: readonly CpioEntry[], early: Buffer): AsyncIterable<Uint8Array> {
  yield* packCpio(large);
  yield early;
}

async function fileContent(path: string): Promise<CpioContent> {
  const { size } = await stat(path);
  return { sizeBytes: size, open: () => createReadStream(path, { highWaterMark: 1 << 20 }) };
}
