// Finds the image on the drives of this machine, and beside it the files that other machines boot from.

import { BOOT_SET_PATH, type BootSet, decodeBootSet, MAX_BOOT_SET_BYTES } from '../src/images/boot-set.ts';
import { formatCandidate, type ImageCandidate } from '../src/images/candidate.ts';
import { type Drive, listDrives } from '../src/images/drives.ts';
import { mountRecipe } from '../src/images/mounting.ts';
import { chooseImage, describeChoice, isFulfilled } from '../src/images/score.ts';
import { ImageSearch } from '../src/images/search.ts';
import type { Log } from '../src/log.ts';
import type { Sys } from '../src/sys/sys.ts';
import { decodeMetainfo, type Metainfo } from '../src/vfield/metainfo.ts';
import type { BootOptions } from './cmdline.ts';

export type LocalImage = ImageCandidate<Metainfo>;

/** A boot set and the folder that its partition is mounted at. */
export interface FoundBootSet {
  readonly bootSet: BootSet;
  readonly directory: string;
}

export interface SearchContext {
  readonly sys: Sys;
  readonly log: Log;
  readonly sysRoot: string;
  readonly options: BootOptions;
  /** Loads modules by name, in order; those that are not there or built in are passed over. */
  loadModules(names: readonly string[]): Promise<void>;
  /** Looks for devices that came up since the last time and loads their drivers. */
  lookAgain(): Promise<void>;
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds; only differences count. */
  now(): number;
}

const DEVICES = '/dev';
/** In memory: the runtime itself is read-only. */
const MOUNTS = '/run/media';
const POLL_MS = 250;
/** A drive that is faster than the first find may show up a moment later: USB sticks and discs come at their own pace. */
const GRACE_MS = 1000;

/**
 * Searches all drives until an image is found that fulfils the wishes and no new drive has come for a second, or the time is over.
 * Undefined when there is none.
 */
export async function findLocalImage(context: SearchContext): Promise<LocalImage | undefined> {
  const { sys, log, sysRoot, options, loadModules, lookAgain, sleep, now } = context;
  const wanted = { media: options.media, ...(options.image ? { image: options.image } : {}) };
  const search = new ImageSearch<Metainfo>({
    sys,
    sysRoot,
    devRoot: DEVICES,
    mountRoot: MOUNTS,
    loadFileSystem: (_type, modules) => loadModules(modules),
    decodeMetainfo,
    wanted,
    log,
  });
  const limit = now() + options.waitSeconds * 1000;
  let lastNews = now();
  let drives = '';
  for (;;) {
    const present = (await sys.list(`${sysRoot}/class/block`)).join(' ');
    if (present !== drives) lastNews = now();
    drives = present;
    const choice = chooseImage(await search.scan(), wanted);
    const settled = now() - lastNews >= GRACE_MS && isFulfilled(choice, wanted);
    if (settled || now() >= limit) {
      if (choice) for (const line of describeChoice(choice)) log.info(line);
      await search.release(choice?.chosen);
      return choice?.chosen;
    }
    await sleep(POLL_MS);
    await lookAgain();
  }
}

/** The boot set on the drive that the image came from, or on any other; undefined when the machine was started in another way. */
export async function findBootSet(context: SearchContext, near: Drive): Promise<FoundBootSet | undefined> {
  const { sys, log, sysRoot } = context;
  const disk = near.partitionOf ?? near.name;
  const drives = await listDrives(sys, sysRoot, DEVICES);
  const nearFirst = drives.sort(
    (a, b) => Number((b.partitionOf ?? b.name) === disk) - Number((a.partitionOf ?? a.name) === disk),
  );
  for (const drive of nearFirst) {
    const found = await bootSetOn(context, drive);
    if (!found) continue;
    log.info(`the files that other machines boot from are on ${drive.name}: kernel ${found.bootSet.kernelRelease}`);
    return found;
  }
  return undefined;
}

/** Tries the drive as the FAT of a stick's boot partition or the ISO of a disc; one of the image's own mounts is used as it is. */
async function bootSetOn({ sys, loadModules }: SearchContext, drive: Drive): Promise<FoundBootSet | undefined> {
  const mounted = `${MOUNTS}/${drive.name}`;
  if (await sys.exists(`${mounted}/${BOOT_SET_PATH}`)) return readBootSet(sys, mounted);
  const directory = `${MOUNTS}/boot-${drive.name}`;
  for (const recipe of [mountRecipe('vfat'), mountRecipe('iso9660')]) {
    if (!recipe || drive.hasPartitions) continue;
    await loadModules(recipe.modules);
    await sys.makeDirectory(directory);
    const request = { source: drive.devicePath, target: directory, type: recipe.type, options: recipe.options };
    const isMounted = await sys.mount(request).then(
      () => true,
      () => false,
    );
    if (!isMounted) continue;
    const found = await readBootSet(sys, directory);
    if (found) return found;
    await sys.unmount(directory);
  }
  return undefined;
}

async function readBootSet(sys: Sys, directory: string): Promise<FoundBootSet | undefined> {
  const bytes = await sys.readBytes(`${directory}/${BOOT_SET_PATH}`, 0, MAX_BOOT_SET_BYTES).catch(() => undefined);
  return bytes && { bootSet: decodeBootSet(bytes), directory };
}

/** The device to mount for an image on a drive of this machine. */
export async function attachLocal(sys: Sys, image: LocalImage): Promise<string> {
  return image.path === image.drive.devicePath ? image.path : sys.attachLoop(image.path, { readOnly: true });
}

/** For the console: what was chosen. */
export function describeImage(image: LocalImage): string {
  return formatCandidate(image);
}
