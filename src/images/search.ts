// Searches drives and partitions for images: raw ones, and NAME.viver files in the usual folders of a file system. May be asked again
// and again while drives still appear; each drive is looked at once. Owns the mounts it makes below `mountRoot` until release().

import { errorLine, ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Sys } from '../sys/sys.ts';
import { formatCandidate, type ImageCandidate, type ImageFactsOnDisk } from './candidate.ts';
import { type Drive, formatDrive, listDrives } from './drives.ts';
import { type FoundFileSystem, formatFileSystem, PROBE_BYTES, probeFileSystem } from './filesystems.ts';
import { looksLikeSquashfs } from './format.ts';
import { readImageFile } from './image-file.ts';
import { mountRecipe } from './mounting.ts';
import { chooseImage, isFulfilled, mediaWish, type WantedImage } from './score.ts';

export interface SearchOptions<M extends ImageFactsOnDisk> {
  readonly sys: Sys;
  readonly sysRoot: string;
  readonly devRoot: string;
  /** A writable directory; file systems are mounted at `mountRoot/NAME`. */
  readonly mountRoot: string;
  /** Loads what `mount -t type` needs; `modules` are their names in order, of which some may be built in. */
  readonly loadFileSystem: (type: string, modules: readonly string[]) => Promise<void>;
  readonly decodeMetainfo: (bytes: Uint8Array) => M;
  readonly wanted: WantedImage;
  readonly log: Log;
  /** How long one drive may keep us waiting; a disk that dies answers after minutes. */
  readonly driveTimeoutMs?: number;
}

/** Folders of a file system that are looked into beside its root, whatever their case. */
export const IMAGE_FOLDERS = ['viver', 'boot', 'images'];
const IMAGE_ENDING = '.viver';
const MAX_TRIES = 3;
const DRIVE_TIMEOUT_MS = 30_000;

/** One look at all drives. The caller releases what it does not take: `search.release(chosen)`. */
export async function findImages<M extends ImageFactsOnDisk>(options: SearchOptions<M>) {
  const search = new ImageSearch(options);
  return { candidates: await search.scan(), search };
}

export class ImageSearch<M extends ImageFactsOnDisk> {
  readonly #options: SearchOptions<M>;
  readonly #candidates: ImageCandidate<M>[] = [];
  readonly #mounted = new Set<string>();
  /** Drive (name and size: a CD may be changed) -> looked at so often; Infinity when it is done. */
  readonly #tries = new Map<string, number>();

  constructor(options: SearchOptions<M>) {
    this.#options = options;
  }

  /** Looks at the drives that are new since the last time. Returns all images known by now. */
  async scan(): Promise<readonly ImageCandidate<M>[]> {
    const { sys, sysRoot, devRoot, wanted } = this.#options;
    const drives = (await listDrives(sys, sysRoot, devRoot)).filter((drive) => this.#isNew(drive));
    const wished = drives.filter((drive) => mediaWish(drive, undefined, wanted.media ?? []) !== undefined);
    await this.#searchAll(wished);
    // Who names image and medium gets it without waiting for the slow drives of the machine.
    const choice = chooseImage(this.#candidates, wanted);
    if (wished.length === 0 || !isFulfilled(choice, wanted)) {
      await this.#searchAll(drives.filter((drive) => !wished.includes(drive)));
    }
    return this.#candidates;
  }

  /** Unmounts everything but what holds `keep`. */
  async release(keep?: ImageCandidate<M>): Promise<void> {
    for (const mountPoint of [...this.#mounted]) {
      if (mountPoint !== keep?.mountPoint) await this.#unmount(mountPoint);
    }
  }

  #isNew(drive: Drive): boolean {
    return (this.#tries.get(driveKey(drive)) ?? 0) < MAX_TRIES;
  }

  /** Partitions of one disk one after the other, disks at the same time: a slow one does not hold up the others. */
  async #searchAll(drives: readonly Drive[]): Promise<void> {
    const disks = Map.groupBy(drives, (drive) => drive.partitionOf ?? drive.name);
    await Promise.all(
      [...disks.values()].map(async (group) => {
        for (const drive of group) await this.#searchDrive(drive);
      }),
    );
  }

  async #searchDrive(drive: Drive): Promise<void> {
    const { log } = this.#options;
    const key = driveKey(drive);
    const attempt = (this.#tries.get(key) ?? 0) + 1;
    this.#tries.set(key, attempt);
    try {
      const found = await this.#withinTime(drive, this.#lookAt(drive));
      this.#tries.set(key, Number.POSITIVE_INFINITY);
      for (const candidate of found) {
        log.info(`image ${formatCandidate(candidate)} on ${formatDrive(drive)}`);
        this.#candidates.push(candidate);
      }
    } catch (error) {
      const line = `${formatDrive(drive)}: skipped, ${isNoMedium(error) ? 'no medium in it' : errorLine(error)}`;
      if (attempt > 1 || isNoMedium(error)) log.debug(line);
      else log.info(line);
    }
  }

  async #withinTime<T>(drive: Drive, work: Promise<T>): Promise<T> {
    const milliseconds = this.#options.driveTimeoutMs ?? DRIVE_TIMEOUT_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#tries.set(driveKey(drive), Number.POSITIVE_INFINITY);
        reject(new ViverError('IMAGE_DRIVE_SLOW', `no answer for ${milliseconds / 1000} s`));
      }, milliseconds);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch(() => {}); // its late end is no news
    }
  }

  async #lookAt(drive: Drive): Promise<ImageCandidate<M>[]> {
    const { sys, log } = this.#options;
    const head = await sys.readBytes(drive.devicePath, 0, Math.min(PROBE_BYTES, drive.sizeBytes));
    if (looksLikeSquashfs(head)) return [await this.#readImage(drive, drive.devicePath, {})];
    const fileSystem = probeFileSystem(head);
    if (!fileSystem) {
      log.debug(`${formatDrive(drive)}: no file system that is known here`);
      return [];
    }
    // A disk with partitions is searched through them; an ISO 9660 over the whole of a stick is the exception.
    if (drive.hasPartitions && fileSystem.type !== 'iso9660') return [];
    return await this.#searchFileSystem(drive, fileSystem);
  }

  async #searchFileSystem(drive: Drive, fileSystem: FoundFileSystem): Promise<ImageCandidate<M>[]> {
    const { sys, log, mountRoot } = this.#options;
    const recipe = mountRecipe(fileSystem.type);
    if (!recipe) return [];
    const mountPoint = `${mountRoot}/${drive.name}`;
    await this.#options.loadFileSystem(recipe.type, recipe.modules);
    await sys.makeDirectory(mountPoint);
    await sys.mount({ source: drive.devicePath, target: mountPoint, type: recipe.type, options: recipe.options });
    this.#mounted.add(mountPoint);
    const found = await this.#imagesBelow(drive, fileSystem, mountPoint);
    log.debug(`${formatDrive(drive)}: ${formatFileSystem(fileSystem)}, ${found.length} images`);
    if (found.length === 0) await this.#unmount(mountPoint);
    return found;
  }

  async #imagesBelow(drive: Drive, fileSystem: FoundFileSystem, mountPoint: string): Promise<ImageCandidate<M>[]> {
    const { sys, log } = this.#options;
    const found: ImageCandidate<M>[] = [];
    for (const path of await imagePaths(sys, mountPoint)) {
      try {
        found.push(await this.#readImage(drive, path, { fileSystem, mountPoint }));
      } catch (error) {
        log.warn(`${drive.name}:${path.slice(mountPoint.length)}: no usable image, ${errorLine(error)}`);
      }
    }
    return found;
  }

  /** @throws ViverError IMAGE_* and what decodeMetainfo throws */
  async #readImage(
    drive: Drive,
    path: string,
    place: { fileSystem?: FoundFileSystem; mountPoint?: string },
  ): Promise<ImageCandidate<M>> {
    const { sys, decodeMetainfo } = this.#options;
    const { metainfo, metainfoBytes } = await readImageFile(sys, path, decodeMetainfo);
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { drive, ...place, path, name, metainfo, metainfoBytes };
  }

  async #unmount(mountPoint: string): Promise<void> {
    try {
      await this.#options.sys.unmount(mountPoint);
      this.#mounted.delete(mountPoint);
    } catch (error) {
      this.#options.log.warn(`${mountPoint} stays mounted: ${errorLine(error)}`);
    }
  }
}

/** Paths of the image files of a mounted file system, sorted. Hidden files are what other systems leave beside copies. */
async function imagePaths(sys: Sys, mountPoint: string): Promise<string[]> {
  const top = await sys.list(mountPoint);
  const folders = top.filter((name) => IMAGE_FOLDERS.includes(name.toLowerCase()));
  const places: [string, string[]][] = [[mountPoint, top]];
  for (const folder of folders) {
    const path = `${mountPoint}/${folder}`;
    places.push([path, await sys.list(path).catch(() => [])]); // a damaged folder does not hide the others
  }
  return places.flatMap(([place, names]) => names.filter(isImageName).map((name) => `${place}/${name}`));
}

function isImageName(name: string): boolean {
  return !name.startsWith('.') && name.toLowerCase().endsWith(IMAGE_ENDING);
}

/** ENOMEDIUM of Linux (errno.h), which Node knows only by number: a CD drive or card reader that is empty. */
function isNoMedium(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === -123;
}

function driveKey(drive: Drive): string {
  return `${drive.name} ${drive.sizeBytes}`;
}
