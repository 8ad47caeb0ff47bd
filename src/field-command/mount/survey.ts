// What this machine has for mounting. Modules that are not there yet are asked for, as mount(8) would.

import type { Sys } from '../../sys/sys.ts';
import type { MountMeans } from './way.ts';

export async function surveyMounting(sys: Sys, isRoot: boolean): Promise<MountMeans> {
  const present = (path: string, module: string) => isPresent(sys, () => sys.exists(path), module);
  return {
    isRoot,
    squashfs: await isPresent(sys, () => knowsFileSystem(sys, 'squashfs'), 'squashfs'),
    kernelNbd: await present('/sys/module/nbd', 'nbd'),
    nbdfuse: await canRun(sys, 'nbdfuse'),
    fuse: await present('/dev/fuse', 'fuse'),
    loop: await present('/dev/loop-control', 'loop'),
  };
}

async function isPresent(sys: Sys, look: () => Promise<boolean>, module: string): Promise<boolean> {
  if (await look()) return true;
  await sys.run('modprobe', [module]).catch(() => undefined);
  return await look();
}

async function knowsFileSystem(sys: Sys, type: string): Promise<boolean> {
  const known = await sys.readText('/proc/filesystems');
  return known.split('\n').some((line) => line.trim().split(/\s+/).at(-1) === type);
}

async function canRun(sys: Sys, program: string): Promise<boolean> {
  return sys.run(program, ['--version']).then(
    ({ status }) => status === 0,
    () => false,
  );
}
