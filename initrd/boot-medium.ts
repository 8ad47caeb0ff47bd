// The medium that this machine was started from: its boot set, from which the others can be started too, and the runes that lie on it.

import { errorLine } from '../src/errors.ts';
import { BOOT_SET_PATH, type BootSet, decodeBootSet, MAX_BOOT_SET_BYTES } from '../src/images/boot-set.ts';
import { type Drive, listDrives } from '../src/images/drives.ts';
import { PROBE_BYTES, probeFileSystem } from '../src/images/filesystems.ts';
import { type MountRecipe, mountRecipe } from '../src/images/mounting.ts';
import { DEVICES, MOUNTS, type SearchContext } from './local-image.ts';

/** A boot set and the folder that its partition is mounted at. */
export interface BootMedium {
  readonly bootSet: BootSet;
  readonly directory: string;
}

/**
 * The boot medium of the kernel that runs: on the drive that the image came from, or on any other. Undefined when the machine was started in another way.
 * @param near The drive of the image.
 */
export async function findBootMedium(
  context: SearchContext,
  near: Drive,
  kernelRelease: string,
): Promise<BootMedium | undefined> {
  const { sys, log, sysRoot } = context;
  const disk = near.partitionOf ?? near.name;
  const isNear = (drive: Drive) => Number((drive.partitionOf ?? drive.name) === disk);
  const drives = (await listDrives(sys, sysRoot, DEVICES)).sort((a, b) => isNear(b) - isNear(a));
  for (const drive of drives) {
    const found = await lookAt(context, drive).catch((error: unknown) => {
      log.warn(`${drive.name}: no usable boot set, ${errorLine(error)}`);
      return undefined;
    });
    if (found?.bootSet.kernelRelease === kernelRelease) {
      log.info(`the files that other machines boot from are on ${drive.name}`);
      return found;
    }
    if (found) log.info(`${drive.name} starts kernel ${found.bootSet.kernelRelease}, not the one that runs`);
  }
  return undefined;
}

/** The FAT of a stick's boot partition, or the ISO of a disc. Where the image search has the partition mounted, that mount is used. */
async function lookAt({ sys, loadModules }: SearchContext, drive: Drive): Promise<BootMedium | undefined> {
  const mounted = `${MOUNTS}/${drive.name}`;
  if (await sys.exists(`${mounted}/${BOOT_SET_PATH}`)) return readBootSet(sys, mounted);
  const recipe = await bootFileSystem(sys, drive);
  if (!recipe) return undefined;
  const directory = `${MOUNTS}/boot-${drive.name}`;
  await loadModules(recipe.modules);
  await sys.makeDirectory(directory);
  await sys.mount({ source: drive.devicePath, target: directory, type: recipe.type, options: recipe.options });
  if (await sys.exists(`${directory}/${BOOT_SET_PATH}`)) return readBootSet(sys, directory);
  await sys.unmount(directory);
  return undefined;
}

/** How to mount the drive if it is of a kind that firmware starts from. Others are not tried: the kernel would log an error for each. */
async function bootFileSystem(sys: SearchContext['sys'], drive: Drive): Promise<MountRecipe | undefined> {
  const head = await sys.readBytes(drive.devicePath, 0, Math.min(PROBE_BYTES, drive.sizeBytes)).catch(() => undefined);
  const type = head && probeFileSystem(head)?.type;
  return type === 'vfat' || type === 'iso9660' ? mountRecipe(type) : undefined;
}

async function readBootSet(sys: SearchContext['sys'], directory: string): Promise<BootMedium> {
  return {
    bootSet: decodeBootSet(await sys.readBytes(`${directory}/${BOOT_SET_PATH}`, 0, MAX_BOOT_SET_BYTES)),
    directory,
  };
}
