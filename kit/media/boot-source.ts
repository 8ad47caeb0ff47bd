// What a machine is started with: the kernel out of the image, and the initrd made for it, unless files are given instead.

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildInitrd } from '../../build/initrd.ts';
import { ViverError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import type { ImageFile } from '../image-file.ts';
import { type Progress, startProgress } from '../progress-bar.ts';
import { findKernel } from '../root-survey.ts';
import { extractFromSquashfs } from '../squashfs.ts';

export interface BootSource {
  readonly kernel: string;
  readonly initrd: string;
}

export interface BootSourceOptions {
  readonly image: ImageFile;
  readonly kernel?: string;
  readonly initrd?: string;
  /** A directory for what is taken out of the image. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Finds or makes kernel and initrd. @throws ViverError KIT_NO_FILE, KIT_NO_KERNEL, KIT_KERNEL_WITHOUT_MODULES, INITRD_* */
export async function prepareBootSource(options: BootSourceOptions): Promise<BootSource> {
  const { kernel, initrd } = options;
  for (const path of [kernel, initrd]) if (path !== undefined) await checkFile(path);
  if (kernel !== undefined && initrd !== undefined) return { kernel, initrd };
  const root = join(options.scratch, 'root');
  const release = options.image.metainfo.image.kernelRelease;
  await extractFromSquashfs(options.image.path, root, wantedPaths(release, initrd === undefined), options.signal);
  const found = await findKernel(root, release, options.image.path);
  return {
    kernel: kernel ?? found.kernelPath,
    initrd: initrd ?? (await makeInitrd(found.modulesDirectory, release, options)),
  };
}

/** /lib may be a link to /usr/lib or a folder; both names are asked for. Without modules.dep a kernel is not found. */
function wantedPaths(release: string, withModules: boolean): string[] {
  const perLibrary = ['lib', 'usr/lib'].flatMap((library) =>
    withModules
      ? [`${library}/modules/${release}`, `${library}/firmware`]
      : ['modules.dep', 'vmlinuz', 'pkgbase'].map((name) => `${library}/modules/${release}/${name}`),
  );
  return ['boot/vmlinu*', ...perLibrary];
}

async function makeInitrd(modulesDirectory: string, release: string, options: BootSourceOptions): Promise<string> {
  const output = join(options.scratch, 'initrd.img');
  const firmwareDirectory = join(dirname(dirname(modulesDirectory)), 'firmware');
  const hasFirmware = await stat(firmwareDirectory).catch(() => undefined);
  const steps = new Map<string, Progress | undefined>();
  await buildInitrd({
    modulesDirectory,
    release,
    output,
    ...(hasFirmware ? { firmwareDirectory } : {}),
    log: createLog((_level, _area, message) => options.say(message)),
    onProgress: (step, part) => showStep(steps, step, part),
  });
  return output;
}

/** A step may say more than once that it is complete, and says nothing else when it came from the cache. */
function showStep(steps: Map<string, Progress | undefined>, step: string, part: number): void {
  if (part < 1) {
    if (!steps.has(step)) steps.set(step, startProgress(step));
    steps.get(step)?.update(part);
  } else {
    steps.get(step)?.done();
    steps.set(step, undefined);
  }
}

async function checkFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isFile()) throw new ViverError('KIT_NO_FILE', `no such file: ${path}`);
}
